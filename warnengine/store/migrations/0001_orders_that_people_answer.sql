-- The schema states what the code promises. Times named *_at and due are engine time (engine_now());
-- leases are real time (clock_timestamp()). Rows are written once unless a column says that it moves.

CREATE TABLE installation (
    one          boolean     PRIMARY KEY DEFAULT true CHECK (one),
    kind         text        NOT NULL CHECK (kind IN ('live', 'demo')),
    clock_offset interval    NOT NULL DEFAULT '0',
    made_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT live_clock_is_the_real_clock CHECK (kind = 'demo' OR clock_offset = '0')
);

CREATE FUNCTION engine_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS
$$ SELECT clock_timestamp() + (SELECT clock_offset FROM installation) $$;

-- Rule books -------------------------------------------------------------------------------------------------

CREATE TABLE rule_book (
    hash         text        PRIMARY KEY,
    files        jsonb       NOT NULL,
    published_at timestamptz NOT NULL DEFAULT engine_now()
);

-- Districts: the row that the reconciler locks -----------------------------------------------------------------

CREATE TABLE district (
    code text PRIMARY KEY,
    name text NOT NULL
);

-- What came in -------------------------------------------------------------------------------------------------

CREATE TABLE arrival (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text        NOT NULL,
    position    text        NOT NULL,
    received_at timestamptz NOT NULL DEFAULT engine_now(),
    sha256      bytea       NOT NULL,
    raw         bytea       NOT NULL,
    media_type  text,
    verdict     text        NOT NULL CHECK (verdict IN ('new', 'repeat', 'conflict', 'quarantined')),
    reason      text,
    explanation text,
    CONSTRAINT quarantined_says_why CHECK ((verdict IN ('new', 'repeat')) = (reason IS NULL)),
    UNIQUE (source, position, sha256)
);
CREATE INDEX arrival_by_content ON arrival (sha256);

CREATE TABLE warning (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    issuer      text        NOT NULL,
    identifier  text        NOT NULL,
    sender      text        NOT NULL,
    sent        timestamptz NOT NULL,
    status      text        NOT NULL,
    msg_type    text        NOT NULL,
    format      text        NOT NULL,
    headline    text        NOT NULL,
    description text        NOT NULL,
    body        jsonb       NOT NULL,
    source      text        NOT NULL,   -- of its first arrival
    meaning     bytea       NOT NULL,
    levels      bytea       NOT NULL,
    UNIQUE (issuer, identifier)
);

CREATE TABLE arrival_warning (
    arrival bigint NOT NULL REFERENCES arrival,
    warning bigint NOT NULL REFERENCES warning,
    PRIMARY KEY (arrival, warning)
);

-- A warning that a district still has to take into its cells; applied_at moves once.
CREATE TABLE district_warning (
    district   text        NOT NULL REFERENCES district,
    warning    bigint      NOT NULL REFERENCES warning,
    arrival    bigint      NOT NULL REFERENCES arrival,
    body       jsonb       NOT NULL,
    applied_at timestamptz,
    PRIMARY KEY (district, warning, arrival)
);
CREATE INDEX district_warning_due ON district_warning (district, warning) WHERE applied_at IS NULL;

-- What is in force: statements move by a commutative, idempotent apply ---------------------------------------------

CREATE TABLE cell (
    district   text  NOT NULL REFERENCES district,
    area       text  NOT NULL,
    hazard     text  NOT NULL,
    family     text  NOT NULL,
    statements jsonb NOT NULL,
    PRIMARY KEY (district, area, hazard, family)
);

-- Orders -------------------------------------------------------------------------------------------------------------

CREATE TABLE change (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    district    text        NOT NULL REFERENCES district,
    made_at     timestamptz NOT NULL,
    warned_at   timestamptz,           -- when the oldest warning behind it was accepted
    because     text[]      NOT NULL,
    expanded_at timestamptz            -- moves once: every person of it has a bundle
);
CREATE INDEX change_to_expand ON change (id) WHERE expanded_at IS NULL;

CREATE TABLE standing_order (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    district  text        NOT NULL REFERENCES district,
    unit      text        NOT NULL,
    hazard    text        NOT NULL,
    family    text        NOT NULL,
    opened_at timestamptz NOT NULL,
    lapsed_at timestamptz               -- moves once
);
CREATE UNIQUE INDEX one_order_stands ON standing_order (district, unit, hazard, family) WHERE lapsed_at IS NULL;

CREATE TABLE order_version (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    standing_order bigint      NOT NULL REFERENCES standing_order,
    version        int         NOT NULL CHECK (version > 0),
    change         bigint      NOT NULL REFERENCES change,
    kind           text        NOT NULL CHECK (kind IN ('issue', 'update', 'reopen', 'lapse')),
    before         smallint    CHECK (before BETWEEN 1 AND 4),
    level          smallint    CHECK (level BETWEEN 1 AND 4),
    measures       jsonb       NOT NULL,  -- [{id, form, mark: added|continuing|lapsed, deadline}]
    reach          jsonb       NOT NULL,  -- [{level, towns}]
    because        text[]      NOT NULL,
    posts          text[]      NOT NULL,
    channels       text[]      NOT NULL,
    book           text        NOT NULL REFERENCES rule_book,
    made_at        timestamptz NOT NULL,
    not_after      timestamptz NOT NULL,
    superseded_at  timestamptz,           -- moves once; locked FOR SHARE by every intent to send this version
    UNIQUE (standing_order, version),
    CONSTRAINT lapse_has_no_level CHECK ((kind = 'lapse') = (level IS NULL)),
    CONSTRAINT first_version_issues CHECK ((kind = 'issue') = (version = 1))
);
CREATE INDEX order_version_of_change ON order_version (change);
CREATE UNIQUE INDEX one_version_counts ON order_version (standing_order) WHERE superseded_at IS NULL;

-- People (imported whole; retired rows stay) ---------------------------------------------------------------------------

CREATE TABLE person (
    district text NOT NULL REFERENCES district,
    key      text NOT NULL,
    name     text NOT NULL,
    PRIMARY KEY (district, key)
);

CREATE TABLE address (
    district   text        NOT NULL,
    person     text        NOT NULL,
    channel    text        NOT NULL CHECK (channel IN ('sms', 'email', 'push')),
    address    text        NOT NULL,
    retired_at timestamptz,
    why        text,
    PRIMARY KEY (district, person, channel, address),
    FOREIGN KEY (district, person) REFERENCES person,
    CONSTRAINT retired_says_why CHECK ((retired_at IS NULL) = (why IS NULL))
);
CREATE INDEX address_owner ON address (channel, address);

CREATE TABLE holding (
    district text NOT NULL,
    unit     text NOT NULL,
    post     text NOT NULL,
    person   text NOT NULL,
    deputy   text,
    superior text,
    starts   timestamptz NOT NULL DEFAULT '-infinity',
    ends     timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (district, unit, post, person, starts),
    FOREIGN KEY (district, person) REFERENCES person
);

-- The one answer to "who holds this post now": expansion, ladder, explain and readiness all ask here.
CREATE FUNCTION on_duty(moment timestamptz)
RETURNS TABLE (district text, unit text, post text, person text, deputy text, superior text)
LANGUAGE sql STABLE AS
$$ SELECT district, unit, post, person, deputy, superior FROM holding WHERE starts <= moment AND moment < ends $$;

-- Approvals: one clock for all compulsory measures of one change ---------------------------------------------------------------

CREATE TABLE approval (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    district   text        NOT NULL REFERENCES district,
    change     bigint      NOT NULL REFERENCES change,
    level      smallint    NOT NULL,
    sha256     bytea       NOT NULL,   -- over rule book, units, measures, texts, audience and ceiling
    ceiling    int         NOT NULL,
    asked_at   timestamptz NOT NULL,
    rung       smallint    NOT NULL DEFAULT -1,  -- moves: which authority is being asked; -1: none yet
    due        timestamptz NOT NULL,             -- moves with it
    applied_at timestamptz,                      -- moves once: the reconciler has taken the decision in
    decided_at timestamptz,
    decision   text        CHECK (decision IN ('yes', 'no', 'void')),
    by         text,
    words      text        NOT NULL DEFAULT '',
    CONSTRAINT decided_says_who CHECK ((decided_at IS NULL) = (decision IS NULL) AND (decided_at IS NULL) = (by IS NULL))
);
CREATE UNIQUE INDEX one_approval_per_change ON approval (change, level);
CREATE INDEX approval_pending ON approval (district, due) WHERE decided_at IS NULL;

CREATE TABLE approval_item (
    approval       bigint NOT NULL REFERENCES approval,
    standing_order bigint NOT NULL REFERENCES standing_order,
    measure        text   NOT NULL,
    words          text   NOT NULL,
    voided_at      timestamptz,        -- moves once: the measure no longer stands
    PRIMARY KEY (approval, standing_order, measure)
);
CREATE INDEX approval_item_of ON approval_item (standing_order) WHERE voided_at IS NULL;

-- What people read -----------------------------------------------------------------------------------------------------

CREATE TABLE text (
    id       bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    change   bigint   NOT NULL REFERENCES change,
    versions bigint[] NOT NULL,
    purpose  text     NOT NULL CHECK (purpose IN ('order', 'escalation', 'approval')),
    short    text     NOT NULL,
    subject  text     NOT NULL,
    body     text     NOT NULL,
    html     text     NOT NULL,
    sha256   bytea    NOT NULL,
    notes    text
);
CREATE UNIQUE INDEX one_text_per_set ON text (change, purpose, versions) WHERE purpose <> 'approval';

-- Ids are time-ordered (milliseconds, then a sequence), with room for sixteen deliveries below each bundle, so that
-- a delivery's partition follows from its id.
CREATE SEQUENCE bundle_sequence;
CREATE FUNCTION id_at(moment timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT (extract(epoch FROM moment) * 1000)::bigint - 1577836800000 << 22 $$;
CREATE FUNCTION next_bundle() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT id_at(clock_timestamp()) | ((nextval('bundle_sequence') & 262143) << 4) $$;

CREATE TABLE bundle (
    id        bigint      PRIMARY KEY,
    district  text        NOT NULL,
    change    bigint      NOT NULL REFERENCES change,
    person    text        NOT NULL,
    purpose   text        NOT NULL CHECK (purpose IN ('order', 'escalation', 'approval')),
    kind      text        NOT NULL CHECK (kind IN ('issue', 'update', 'reopen', 'lapse', 'approval')),
    level     smallint    NOT NULL CHECK (level BETWEEN 1 AND 4),
    lane      smallint    NOT NULL CHECK (lane BETWEEN 0 AND 3),   -- 0 is red
    versions  bigint[]    NOT NULL,
    text      bigint      NOT NULL REFERENCES text,
    posts     text[]      NOT NULL,            -- unit/post
    code      bytea       NOT NULL,            -- sha256 of the link's code
    behalf    bigint      REFERENCES bundle,   -- escalation: whose silence it answers
    stands_in boolean     NOT NULL DEFAULT false, -- escalation: an answer to it is an answer of the silent one
    approval  bigint      REFERENCES approval, -- what its reader is asked to decide
    follows   bigint[]    NOT NULL DEFAULT '{}', -- bundles that must be settled before a byte of this one leaves
    made_at   timestamptz NOT NULL,
    not_after timestamptz NOT NULL,
    judged_at timestamptz,                     -- moves once: its time is over, and whom it never reached is paged
    FOREIGN KEY (district, person) REFERENCES person,
    CONSTRAINT escalation_speaks_for_somebody CHECK ((purpose = 'escalation') = (behalf IS NOT NULL)),
    CONSTRAINT request_asks_for_something CHECK ((purpose = 'approval') = (approval IS NOT NULL))
);
CREATE UNIQUE INDEX one_bundle_per_change ON bundle (change, person) WHERE purpose = 'order';
CREATE UNIQUE INDEX one_escalation_per_step ON bundle (behalf, person) WHERE purpose = 'escalation';
CREATE UNIQUE INDEX bundle_by_code ON bundle (code);
CREATE INDEX bundle_of_person ON bundle (district, person, change);
CREATE INDEX bundle_to_judge ON bundle (not_after) WHERE judged_at IS NULL;

-- The moment at which the first text of a change is about to leave.
CREATE TABLE first_intent (
    change bigint      PRIMARY KEY REFERENCES change,
    at     timestamptz NOT NULL DEFAULT engine_now()
);

-- What must be answered; state only rises, each moment is written once.
CREATE TABLE obligation (
    version    bigint      NOT NULL REFERENCES order_version,
    district   text        NOT NULL,
    person     text        NOT NULL,
    bundle     bigint      NOT NULL REFERENCES bundle,
    chased     boolean     NOT NULL,
    counts     boolean     NOT NULL,      -- asks for a number when done
    state      text        NOT NULL DEFAULT 'open'
        CHECK (state IN ('open', 'reached', 'acked', 'acting', 'done', 'lapsed', 'expired_unreached')),
    reached_at timestamptz,
    acked_at   timestamptz,
    acting_at  timestamptz,
    done_at    timestamptz,
    closed_at  timestamptz,
    number     int,
    PRIMARY KEY (version, person),
    CONSTRAINT acked_when CHECK (state NOT IN ('acked', 'acting', 'done') OR acked_at IS NOT NULL),
    CONSTRAINT done_when CHECK ((state = 'done') <= (done_at IS NOT NULL)),
    CONSTRAINT closed_when CHECK ((state IN ('lapsed', 'expired_unreached')) = (closed_at IS NOT NULL))
);
CREATE INDEX obligation_of_bundle ON obligation (bundle);

-- Sending: delivery rows are written once, chunks are claimed, attempts and events are appended ----------------------------

CREATE TABLE delivery (
    id      bigint NOT NULL,             -- bundle id + 0…15
    bundle  bigint NOT NULL,
    channel text   NOT NULL,
    address text   NOT NULL,
    chunk   bigint NOT NULL,
    PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE INDEX delivery_of_chunk ON delivery (chunk);

CREATE TABLE chunk (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel       text        NOT NULL,
    lane          smallint    NOT NULL CHECK (lane BETWEEN 0 AND 3),
    purpose       text        NOT NULL CHECK (purpose IN ('first', 'retry', 'resend', 'reminder')),
    only_delivery bigint,                 -- a retry, resend or reminder is a chunk of one
    number        smallint    NOT NULL CHECK (number > 0),
    due           timestamptz NOT NULL,
    owner         text,
    epoch         int         NOT NULL DEFAULT 0,
    lease_until   timestamptz,
    finished_at   timestamptz,
    CONSTRAINT first_or_one CHECK ((purpose = 'first') = (only_delivery IS NULL))
);
CREATE INDEX chunk_to_claim ON chunk (channel, lane, due, id) WHERE finished_at IS NULL;
CREATE UNIQUE INDEX one_chunk_per_attempt ON chunk (only_delivery, number) WHERE only_delivery IS NOT NULL;

CREATE TABLE attempt (
    delivery    bigint      NOT NULL,
    number      smallint    NOT NULL,
    chunk       bigint      NOT NULL,
    owner       text        NOT NULL,
    epoch       int         NOT NULL,
    gateway     text        NOT NULL,
    client_id   text        NOT NULL,
    purpose     text        NOT NULL,
    text_sha256 bytea       NOT NULL,
    intended_at timestamptz NOT NULL,
    PRIMARY KEY (delivery, number)
) PARTITION BY RANGE (delivery);

CREATE TABLE delivery_event (
    delivery bigint      NOT NULL,
    number   smallint    NOT NULL,
    at       timestamptz NOT NULL DEFAULT engine_now(),
    what     text        NOT NULL CHECK (what IN ('accepted', 'refused', 'failed', 'unknown', 'held', 'delivered',
                                                  'undelivered', 'silent', 'withdrawn', 'expired')),
    gateway  text        NOT NULL,
    detail   text        NOT NULL DEFAULT ''
) PARTITION BY RANGE (delivery);
CREATE INDEX delivery_event_of ON delivery_event (delivery, number);

-- Whether an attempt of a bundle has no outcome yet. A function, for the planner must always begin with the bundle.
CREATE FUNCTION unsettled(of_bundle bigint) RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT EXISTS (SELECT FROM attempt a WHERE a.delivery BETWEEN of_bundle AND of_bundle + 15 AND NOT EXISTS (
                      SELECT FROM delivery_event e WHERE e.delivery = a.delivery AND e.number = a.number)) $$;

-- Parts of accepted messages, by the gateway's own id: what receipts are matched with.
CREATE TABLE part (
    gateway     text        NOT NULL,
    provider_id text        NOT NULL,
    delivery    bigint      NOT NULL,
    number      smallint    NOT NULL,
    part        smallint    NOT NULL,
    parts       smallint    NOT NULL,
    address     text        NOT NULL,
    accepted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    fate        text        CHECK (fate IN ('delivered', 'failed')),
    PRIMARY KEY (gateway, provider_id, delivery, number, part)
);
CREATE INDEX part_of ON part (delivery, number);
CREATE INDEX part_unconfirmed ON part (accepted_at) WHERE fate IS NULL;

-- Gateways write one number in many ways; a mailbox or an endpoint is written in one.
CREATE FUNCTION same_address(one text, other text) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT one = other OR one !~ '[@{]' AND other !~ '[@{]'
       AND right(regexp_replace(one, '\D', '', 'g'), 11) = right(regexp_replace(other, '\D', '', 'g'), 11) $$;

CREATE TABLE receipt (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gateway     text        NOT NULL,
    sha256      bytea       NOT NULL,
    raw         bytea       NOT NULL,
    provider_id text        NOT NULL,
    address     text        NOT NULL,
    fate        text        NOT NULL,
    code        text        NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    matched_at  timestamptz,
    UNIQUE (gateway, sha256)
);
CREATE INDEX receipt_parked ON receipt (received_at) WHERE matched_at IS NULL;

-- Which month's rows lie where. Called at start and daily; a range that exists is left alone.
CREATE FUNCTION ensure_partitions(first_month date, months int) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
    parent text;
    month  date;
    lower  bigint;
    upper  bigint;
BEGIN
    FOR i IN 0 .. months - 1 LOOP
        month := (date_trunc('month', first_month) + make_interval(months => i))::date;
        lower := id_at(month::timestamp AT TIME ZONE 'UTC');
        upper := id_at((month + interval '1 month')::timestamp AT TIME ZONE 'UTC');
        FOREACH parent IN ARRAY ARRAY['delivery', 'attempt', 'delivery_event'] LOOP
            EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%s) TO (%s)',
                           parent || to_char(month, '_YYYYMM'), parent, lower, upper);
        END LOOP;
        EXECUTE format('CREATE UNIQUE INDEX IF NOT EXISTS %I ON %I (bundle, channel, address)',
                       'one_delivery' || to_char(month, '_YYYYMM'), 'delivery' || to_char(month, '_YYYYMM'));
    END LOOP;
END
$$;

-- Evidence only rises (Q < S < U < A < T < N < D): the state of an attempt and of a delivery is this fold.
CREATE FUNCTION evidence(what text) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT array_position(ARRAY['withdrawn', 'expired', 'refused', 'failed', 'unknown', 'held', 'accepted', 'silent',
                               'undelivered', 'delivered'], what) $$;

CREATE VIEW attempt_state AS
SELECT a.delivery, a.number, a.purpose, a.gateway, a.intended_at,
       coalesce((SELECT e.what FROM delivery_event e WHERE e.delivery = a.delivery AND e.number = a.number
                 ORDER BY evidence(e.what) DESC, e.at LIMIT 1), 'sending') AS state
FROM attempt a;

-- Attempts that are not certainly in vain. Undelivered is in vain only where no part of the text arrived.
CREATE VIEW possibly_reached AS
SELECT a.delivery, a.number FROM attempt a
WHERE NOT EXISTS (SELECT FROM delivery_event e WHERE e.delivery = a.delivery AND e.number = a.number
                  AND e.what IN ('withdrawn', 'expired', 'refused', 'failed', 'undelivered'))
   OR EXISTS (SELECT FROM delivery_event e WHERE e.delivery = a.delivery AND e.number = a.number
              AND e.what = 'delivered')
   OR EXISTS (SELECT FROM part p WHERE p.delivery = a.delivery AND p.number = a.number AND p.fate = 'delivered');

CREATE VIEW delivery_state AS
SELECT d.id, d.bundle, d.channel, d.address,
       coalesce(last.what, CASE WHEN tries.n > 0 THEN 'sending' ELSE 'queued' END) AS state,
       coalesce(last.detail, '') AS detail,
       coalesce(tries.n, 0)::int AS attempts,
       coalesce(tries.doubtful, 0)::int AS possible_duplicates
FROM delivery d
LEFT JOIN LATERAL (SELECT e.what, e.detail FROM delivery_event e WHERE e.delivery = d.id
                   ORDER BY evidence(e.what) DESC, e.at DESC LIMIT 1) last ON true
LEFT JOIN LATERAL (SELECT count(*) AS n,
                          count(*) FILTER (WHERE EXISTS (SELECT FROM delivery_event e WHERE e.delivery = a.delivery
                                                         AND e.number = a.number AND e.what = 'unknown')) AS doubtful
                   FROM attempt a WHERE a.delivery = d.id) tries ON true;

-- Answers and the ladder ---------------------------------------------------------------------------------------------------

CREATE TABLE answer (
    id     bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bundle bigint      NOT NULL REFERENCES bundle,
    step   smallint    NOT NULL CHECK (step BETWEEN 1 AND 3),   -- 1 收到, 2 已开展, 3 已完成
    at     timestamptz NOT NULL DEFAULT engine_now(),
    manner text        NOT NULL CHECK (manner IN ('sms', 'page', 'duty_room')),
    by     text        NOT NULL,
    number int,
    words  text        NOT NULL DEFAULT '',
    late   boolean     NOT NULL
);
CREATE INDEX answer_of ON answer (bundle);

CREATE TABLE reply (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gateway     text        NOT NULL,
    address     text        NOT NULL,
    line        text        NOT NULL,
    words       text        NOT NULL,
    raw         bytea       NOT NULL,
    received_at timestamptz NOT NULL DEFAULT engine_now(),
    bundle      bigint      REFERENCES bundle,
    verdict     text        NOT NULL
);

CREATE TABLE timer (
    bundle   bigint      NOT NULL REFERENCES bundle,
    step     smallint    NOT NULL,
    act      text        NOT NULL CHECK (act IN ('again', 'deputy', 'superior', 'duty_room', 'visit')),
    due      timestamptz NOT NULL,
    fired_at timestamptz,
    outcome  text,
    PRIMARY KEY (bundle, step),
    CONSTRAINT fired_says_what CHECK ((fired_at IS NULL) = (outcome IS NULL))
);
CREATE INDEX timer_due ON timer (due) WHERE fired_at IS NULL;

CREATE TABLE task (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    district  text        NOT NULL REFERENCES district,
    kind      text        NOT NULL CHECK (kind IN ('call', 'visit', 'unclear', 'contact', 'unreached', 'decide')),
    bundle    bigint      REFERENCES bundle,
    person    text,
    words     text        NOT NULL,
    since     timestamptz NOT NULL DEFAULT engine_now(),
    closed_at timestamptz,
    result    text,
    by        text,
    CONSTRAINT closed_says_how CHECK ((closed_at IS NULL) = (result IS NULL))
);
CREATE UNIQUE INDEX one_task_per_bundle ON task (bundle, kind) WHERE kind IN ('call', 'visit', 'unreached');
CREATE UNIQUE INDEX one_open_task_per_request ON task (district, words) WHERE kind = 'decide' AND closed_at IS NULL;
CREATE INDEX task_open ON task (district, since) WHERE closed_at IS NULL;

-- Out, and the record ---------------------------------------------------------------------------------------------------------

CREATE TABLE outbox (
    id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT engine_now(),
    type    text        NOT NULL,
    subject text        NOT NULL,
    data    jsonb       NOT NULL,
    sent_at timestamptz
);
CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL;

CREATE TABLE audit (
    seq  bigint      PRIMARY KEY,
    at   timestamptz NOT NULL,
    kind text        NOT NULL,
    body jsonb       NOT NULL,
    hash bytea       NOT NULL
);

CREATE FUNCTION audit_hash(prev bytea, seq bigint, at timestamptz, kind text, body jsonb) RETURNS bytea
LANGUAGE sql IMMUTABLE AS
$$ SELECT sha256(prev || convert_to(seq || '|' || extract(epoch FROM at) || '|' || kind || '|' || body::text, 'UTF8')) $$;

-- One writer at a time; the lock is held to the end of the deciding transaction, so the chain has no gaps.
CREATE FUNCTION audit_append(what text, about jsonb) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
    last audit%ROWTYPE;
    now_ timestamptz := engine_now();
BEGIN
    PERFORM pg_advisory_xact_lock(7071);
    SELECT * INTO last FROM audit ORDER BY seq DESC LIMIT 1;
    INSERT INTO audit VALUES (coalesce(last.seq, 0) + 1, now_, what, about,
        audit_hash(coalesce(last.hash, ''), coalesce(last.seq, 0) + 1, now_, what, about));
END
$$;

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit chain is append-only'; END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
