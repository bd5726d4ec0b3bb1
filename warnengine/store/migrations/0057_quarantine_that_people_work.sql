-- works with: 0052
-- What was not let in is work for people: why, who asked that it be let in, who agreed, and how it ended. An arrival that an
-- older engine has refused has no row here and is open all the same.

CREATE TABLE quarantine_case (
    arrival    bigint      PRIMARY KEY REFERENCES arrival ON DELETE CASCADE,
    reason     text        NOT NULL,
    words      text        NOT NULL,                       -- in Chinese: what, and what to do
    part       boolean     NOT NULL DEFAULT false,         -- the rest of the message went on
    about      text,                                       -- what its task is told by
    opened_at  timestamptz NOT NULL DEFAULT engine_now(),
    asked_at   timestamptz,
    asked_by   text,
    asked_why  text,
    asked_for  text[],                                     -- the reasons that a release passes over
    closed_at  timestamptz,                                -- moves once
    outcome    text        CHECK (outcome IN ('admitted', 'released', 'junk', 'repeat', 'nothing', 'before')),
    closed_by  text,
    closed_why text,
    admitted   bigint      REFERENCES arrival,             -- the arrival by which it was let in after all
    CONSTRAINT asked_says_who CHECK ((asked_at IS NULL) = (asked_by IS NULL) AND (asked_at IS NULL) = (asked_why IS NULL)),
    CONSTRAINT closed_says_how CHECK ((closed_at IS NULL) = (outcome IS NULL) AND (closed_at IS NULL) = (closed_by IS NULL)),
    CONSTRAINT two_people_release CHECK (outcome <> 'released' OR asked_by IS NOT NULL AND asked_by <> closed_by)
);
CREATE INDEX quarantine_open ON quarantine_case (about) WHERE closed_at IS NULL;
CREATE INDEX quarantine_released ON quarantine_case (admitted) WHERE outcome = 'released';

CREATE TABLE quarantine_event (
    id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    arrival bigint      NOT NULL REFERENCES arrival ON DELETE CASCADE,
    at      timestamptz NOT NULL DEFAULT engine_now(),
    act     text        NOT NULL CHECK (act IN ('retried', 'asked', 'admitted', 'released', 'junk')),
    by      text        NOT NULL,
    words   text        NOT NULL
);
CREATE INDEX quarantine_event_of ON quarantine_event (arrival);

CREATE INDEX arrival_refused ON arrival (id) WHERE verdict IN ('quarantined', 'conflict');
CREATE INDEX warning_by_identifier ON warning (identifier);

-- nobody is asked about what was refused long before there was a place to work on it
INSERT INTO quarantine_case (arrival, reason, words, opened_at, closed_at, outcome, closed_by)
SELECT id, reason, coalesce(explanation, reason), received_at, engine_now(), 'before', 'warnengine' FROM arrival
WHERE verdict = 'quarantined' AND (received_at < engine_now() - interval '3 days' OR reason = 'not_actual');
