-- works with: 0046
-- Observations, what the thresholds make of them, and the messages by which they order. Only added to.

-- A reading is kept once, whatever is sent again; a correction is a row beside it. Its id is the moment that it is about, so
-- that observations lie in months like all that grows. It may come before any engine has published its district.
CREATE TABLE observation (
    id          bigint           NOT NULL,
    district    text             NOT NULL,
    station     text             NOT NULL,
    kind        text             NOT NULL CHECK (kind IN ('rain', 'stage', 'forecast_stage', 'temperature', 'wind')),
    at          timestamptz      NOT NULL,
    value       double precision NOT NULL,
    minutes     int              NOT NULL,
    datum       text             NOT NULL,  -- empty where it has none
    revision    int              NOT NULL,
    peak_at     timestamptz,
    source      text             NOT NULL,
    received_at timestamptz      NOT NULL DEFAULT engine_now(),
    PRIMARY KEY (id, district, station, kind, revision, value, minutes, datum)
) PARTITION BY RANGE (id);
CREATE TABLE observation_default PARTITION OF observation DEFAULT;
CREATE INDEX observation_of_station ON observation (district, station, at);

CREATE OR REPLACE FUNCTION by_month() RETURNS TABLE (parent text, key text, counter text) LANGUAGE sql IMMUTABLE AS
$$ VALUES ('delivery', 'id', NULL), ('attempt', 'delivery', NULL), ('delivery_event', 'delivery', NULL),
          ('part', 'delivery', NULL), ('timer', 'bundle', NULL), ('answer', 'bundle', NULL), ('bundle', 'id', NULL),
          ('obligation', 'version', 'order_version_id_seq'), ('receipt', 'id', 'receipt_id_seq'),
          ('reply', 'id', 'reply_id_seq'), ('observation', 'id', NULL) $$;
SELECT ensure_partitions((now() - interval '1 month')::date, 4);

-- Rows that were refused, each once.
CREATE TABLE observation_refused (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    district    text        NOT NULL,
    source      text        NOT NULL,
    line        int         NOT NULL,
    raw         text        NOT NULL,
    reason      text        NOT NULL,
    about       bytea       NOT NULL,
    received_at timestamptz NOT NULL DEFAULT engine_now(),
    UNIQUE (district, about)
);

-- Stations that have ever reported, and those of which something waits to be judged.
CREATE TABLE station_heard (
    district text        NOT NULL,
    station  text        NOT NULL,
    source   text        NOT NULL,
    heard_at timestamptz NOT NULL,
    due      boolean     NOT NULL,
    PRIMARY KEY (district, station)
);
CREATE INDEX station_due ON station_heard (district, station) WHERE due;

-- The rain of each station's hydrological days, for the soil.
CREATE TABLE rain_day (
    district    text             NOT NULL REFERENCES district,
    station     text             NOT NULL,
    day         date             NOT NULL,
    millimetres double precision NOT NULL,
    share       double precision NOT NULL,
    PRIMARY KEY (district, station, day)
);

-- What each trigger shows in each township, and what has been told of it.
CREATE TABLE trigger_state (
    district   text        NOT NULL REFERENCES district,
    trigger    text        NOT NULL,
    town       text        NOT NULL,
    level      smallint,
    began      timestamptz,
    fallen     timestamptz,
    lifted     timestamptz,
    identifier text        NOT NULL,
    shadow     boolean     NOT NULL,
    stations   text[]      NOT NULL,
    now        jsonb,
    judged_at  timestamptz NOT NULL DEFAULT engine_now(),
    PRIMARY KEY (district, trigger, town)
);

-- Messages that were decided on, with the bytes in which intake takes them: whoever dies in between finds them here.
CREATE TABLE observed_message (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    district   text        NOT NULL REFERENCES district,
    identifier text        NOT NULL,
    raw        bytea       NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT engine_now(),
    taken_at   timestamptz,
    verdict    text,
    UNIQUE (district, identifier)
);
CREATE INDEX observed_message_waits ON observed_message (id) WHERE taken_at IS NULL;

-- Every crossing there was, those in the shadow too.
CREATE TABLE crossing (
    id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    district text        NOT NULL REFERENCES district,
    trigger  text        NOT NULL,
    town     text        NOT NULL,
    what     text        NOT NULL CHECK (what IN ('begins', 'rises', 'falls', 'lifted')),
    level    smallint,
    at       timestamptz NOT NULL,  -- when the stations showed it
    made_at  timestamptz NOT NULL DEFAULT engine_now(),
    shadow   boolean     NOT NULL,
    words    text        NOT NULL,
    message  text                   -- identifier of what was told; null in the shadow
);
CREATE INDEX crossing_of_trigger ON crossing (district, trigger, town, id);

DO $$
DECLARE
    rule text;
BEGIN
    SELECT pg_get_expr(conbin, conrelid) INTO STRICT rule FROM pg_constraint
    WHERE conrelid = 'task'::regclass AND conname = 'task_kind_check';
    ALTER TABLE task DROP CONSTRAINT task_kind_check;
    EXECUTE format('ALTER TABLE task ADD CONSTRAINT task_kind_check CHECK (%s OR kind = ''stations'')', rule);
END
$$;
CREATE UNIQUE INDEX one_task_per_source ON task (district, danger) WHERE kind = 'stations' AND closed_at IS NULL;
