-- works with: 0050
-- 会商结论: what a consultation concludes on a danger. It counts as a message of its own issuer; here stand its words, who
-- said so, and whether it is a draft. And the moments at which a district's situation changes though nobody says anything.

CREATE TABLE situation_turn (
    district text        NOT NULL REFERENCES district,
    at       timestamptz NOT NULL,
    PRIMARY KEY (district, at)
);

CREATE TABLE consultation (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    district   text        NOT NULL REFERENCES district,
    verb       text        NOT NULL CHECK (verb IN ('raise', 'lower', 'extend', 'withdraw')),
    hazard     text        NOT NULL,
    family     text        NOT NULL,
    levels     jsonb       NOT NULL,                      -- [[township, level or null], …]
    until      timestamptz,
    names      text[]      NOT NULL,                      -- identifiers that it lowers, or withdraws
    of         bigint      REFERENCES consultation,       -- that it withdraws
    lightens   boolean     NOT NULL,                      -- people may stand down because of it
    presided   text        NOT NULL,
    took_part  text        NOT NULL,
    why        text        NOT NULL,
    author     text        NOT NULL,
    drafted_at timestamptz NOT NULL DEFAULT engine_now(),
    said_at    timestamptz,                               -- it counts from then
    said_by    text[],
    dropped_at timestamptz,                               -- a draft that nobody wants any more
    CONSTRAINT until_unless_withdrawal CHECK ((until IS NULL) = (verb = 'withdraw')),
    CONSTRAINT withdrawal_of_one CHECK ((of IS NULL) = (verb <> 'withdraw')),
    CONSTRAINT said_says_who CHECK ((said_at IS NULL) = (said_by IS NULL)),
    CONSTRAINT two_say_that_it_is_less CHECK (said_by IS NULL OR cardinality(said_by) >= CASE WHEN lightens THEN 2 ELSE 1 END),
    CONSTRAINT dropped_was_a_draft CHECK (dropped_at IS NULL OR said_at IS NULL)
);
CREATE UNIQUE INDEX one_withdrawal ON consultation (of) WHERE said_at IS NOT NULL;
