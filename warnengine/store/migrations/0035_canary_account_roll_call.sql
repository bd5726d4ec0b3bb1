-- Silence is health only where it is proven: the canary, the hourly account, the roll-call.

-- The canary is a district of its own (no administrative code begins with 89). It takes the same tables and statements
-- as a real order; what keeps it apart is stated here, once, and not left to each statement.
CREATE FUNCTION canary() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '899999' $$;

-- A canary goes to the address that the settings give a gateway, on that gateway alone: its channel is kind@gateway. A
-- person's channel has no @, so neither can ever be expanded for the other.
DO $$
DECLARE
    known text := coalesce((SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint
                            WHERE conrelid = 'address'::regclass AND conname = 'address_channel_check'), 'true');
BEGIN
    ALTER TABLE address DROP CONSTRAINT IF EXISTS address_channel_check;
    EXECUTE format('ALTER TABLE address ADD CONSTRAINT address_channel_check CHECK '
                   '(CASE WHEN district = canary() THEN channel LIKE ''%%_@_%%'' ELSE %s END)', known);
END
$$;
ALTER TABLE holding ADD CONSTRAINT canary_holds_no_real_post CHECK ((district = canary()) = (unit = 'canary'));

-- Its bundles have ids below zero: partitions of their own, so that what asks for the deliveries of a time, or of
-- everything, never meets one.
CREATE TABLE delivery_canary PARTITION OF delivery FOR VALUES FROM (MINVALUE) TO (0);
CREATE TABLE attempt_canary PARTITION OF attempt FOR VALUES FROM (MINVALUE) TO (0);
CREATE TABLE delivery_event_canary PARTITION OF delivery_event FOR VALUES FROM (MINVALUE) TO (0);
CREATE UNIQUE INDEX one_delivery_canary ON delivery_canary (bundle, channel, address);
ALTER TABLE bundle ADD CONSTRAINT canary_is_below_zero CHECK ((id < 0) = (district = canary())) NOT VALID;

-- Nobody is called or visited about it, and it never runs out: both are about people.
CREATE FUNCTION no_task_for_canary() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER no_task_for_canary BEFORE INSERT ON task FOR EACH ROW WHEN (NEW.district = '899999')
EXECUTE FUNCTION no_task_for_canary();
CREATE FUNCTION judge_canary() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN NEW.judged_at := NEW.made_at; RETURN NEW; END $$;
CREATE TRIGGER judge_canary BEFORE INSERT ON bundle FOR EACH ROW WHEN (NEW.id < 0) EXECUTE FUNCTION judge_canary();

-- Its rows are pruned, so the chain does not seal them.
DO $$
BEGIN
    EXECUTE format('CREATE OR REPLACE VIEW text_seal AS SELECT id, seal FROM (%s) AS sealed WHERE NOT EXISTS '
                   '(SELECT FROM change c WHERE c.id = (sealed.seal ->> ''change'')::bigint AND c.district = canary())',
                   rtrim(pg_get_viewdef('text_seal'::regclass), '; '));
    EXECUTE format('CREATE OR REPLACE VIEW answer_seal AS SELECT id, seal FROM (%s) AS sealed '
                   'WHERE (sealed.seal ->> ''bundle'')::bigint >= 0', rtrim(pg_get_viewdef('answer_seal'::regclass), '; '));
END
$$;
CREATE OR REPLACE FUNCTION sent_digests(bounds timestamptz[])
RETURNS TABLE (place int, month text, bundles bigint, attempts bigint, events bigint, sha256 text)
LANGUAGE sql STABLE AS
$$
    WITH line AS (
        SELECT width_bucket(made_at, bounds) AS place, id AS of, 'bundle' AS what,
               jsonb_build_array(id, change, person, purpose, versions, text, posts, approval)::text AS words
        FROM bundle WHERE made_at >= bounds[1] AND made_at < bounds[cardinality(bounds)] AND id >= 0
        UNION ALL
        SELECT width_bucket(intended_at, bounds), delivery, 'attempt',
               concat_ws('|', number, chunk, gateway, client_id, purpose, text_sha256, extract(epoch FROM intended_at))
        FROM attempt WHERE intended_at >= bounds[1] AND intended_at < bounds[cardinality(bounds)] AND delivery >= 0
        UNION ALL
        SELECT width_bucket(at, bounds), delivery, 'event',
               concat_ws('|', number, what, gateway, extract(epoch FROM at), detail)
        FROM delivery_event WHERE at >= bounds[1] AND at < bounds[cardinality(bounds)] AND delivery >= 0
    )
    SELECT place, to_char(to_timestamp(((of >> 22) + 1577836800000) / 1000.0) AT TIME ZONE 'UTC', 'YYYYMM') AS month,
           count(*) FILTER (WHERE what = 'bundle'), count(*) FILTER (WHERE what = 'attempt'),
           count(*) FILTER (WHERE what = 'event'),
           encode(sha256(convert_to(string_agg(what || '|' || of || '|' || words, E'\n'
                                               ORDER BY of, what COLLATE "C", words COLLATE "C"), 'UTF8')), 'hex')
    FROM line GROUP BY 1, 2
$$;

-- One canary per path and interval, whichever process sends it; when each path last proved itself.
CREATE TABLE canary_flight (
    path text   NOT NULL,          -- http, spool, kafka
    slot bigint NOT NULL,          -- seconds since 1970, by the database's clock
    PRIMARY KEY (path, slot)
);
CREATE TABLE canary_path (
    path    text        PRIMARY KEY,   -- in/http, out/line, back/line
    since   timestamptz NOT NULL,      -- on watch since then
    proven  timestamptz                -- moves: the last proof
);

-- The account: what came in, what was ordered and what became of it, and how much of it nobody can explain.
CREATE TABLE account (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL,
    since       timestamptz NOT NULL,
    figures     jsonb       NOT NULL,   -- warnings, orders, people, accepted, delivered, acked
    unexplained jsonb       NOT NULL    -- [{what, id, words}]
);

CREATE INDEX receipt_by_time ON receipt USING brin (received_at) WITH (pages_per_range = 32, autosummarize = on);
-- Forget what the canary wrote more than `keep` ago; the version that stands, and its order, stay.
CREATE FUNCTION prune_canary(keep interval) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
    bound bigint := id_at(clock_timestamp() - keep) - (1::bigint << 62);
    olds  bigint[] := ARRAY(SELECT id FROM bundle WHERE id < bound);
    gone  bigint[] := ARRAY(SELECT v.id FROM order_version v JOIN standing_order o ON o.id = v.standing_order
                            WHERE o.district = canary() AND v.superseded_at < engine_now() - keep);
BEGIN
    DELETE FROM receipt r USING part p WHERE p.delivery < bound AND r.gateway = p.gateway AND r.matched_at IS NOT NULL
        AND bare_id(r.provider_id) = bare_id(p.provider_id)
        AND r.received_at BETWEEN clock_timestamp() - keep - interval '1 day' AND clock_timestamp();
    DELETE FROM part WHERE delivery < bound;
    DELETE FROM delivery_event WHERE delivery < bound;
    DELETE FROM attempt WHERE delivery < bound;
    DELETE FROM chunk c WHERE c.channel LIKE '%@%' AND (c.only_delivery < bound OR c.only_delivery IS NULL
        AND NOT EXISTS (SELECT FROM delivery d WHERE d.chunk = c.id AND d.id >= bound));
    DELETE FROM delivery WHERE id < bound;
    DELETE FROM reply WHERE bundle = ANY (olds);
    DELETE FROM answer WHERE bundle = ANY (olds);
    DELETE FROM obligation WHERE version = ANY (gone);
    DELETE FROM bundle b WHERE b.id = ANY (olds) AND NOT EXISTS (SELECT FROM obligation o WHERE o.bundle = b.id);
    DELETE FROM order_version v WHERE v.id = ANY (gone)
        AND NOT EXISTS (SELECT FROM bundle b WHERE b.id < 0 AND v.id = ANY (b.versions));
    DELETE FROM text t USING change c WHERE c.id = t.change AND c.district = canary()
        AND NOT EXISTS (SELECT FROM bundle b WHERE b.text = t.id);
    DELETE FROM first_intent f USING change c WHERE c.id = f.change AND c.district = canary()
        AND NOT EXISTS (SELECT FROM bundle b WHERE b.change = c.id)
        AND NOT EXISTS (SELECT FROM order_version v WHERE v.change = c.id);
    DELETE FROM change c WHERE c.district = canary() AND c.made_at < engine_now() - keep
        AND NOT EXISTS (SELECT FROM bundle b WHERE b.change = c.id)
        AND NOT EXISTS (SELECT FROM text t WHERE t.change = c.id)
        AND NOT EXISTS (SELECT FROM order_version v WHERE v.change = c.id);
    WITH done AS (
        DELETE FROM district_warning d USING arrival a WHERE d.district = canary() AND d.applied_at IS NOT NULL
            AND a.id = d.arrival AND a.received_at < engine_now() - keep RETURNING d.arrival
    ) DELETE FROM arrival_warning w USING done WHERE w.arrival = done.arrival;
    DELETE FROM warning w WHERE w.issuer LIKE 'canary/%' AND w.sent < engine_now() - keep
        AND NOT EXISTS (SELECT FROM arrival_warning a WHERE a.warning = w.id)
        AND NOT EXISTS (SELECT FROM district_warning d WHERE d.warning = w.id);
    DELETE FROM arrival a WHERE a.source LIKE 'canary/%' AND a.received_at < engine_now() - keep
        AND NOT EXISTS (SELECT FROM arrival_warning w WHERE w.arrival = a.id)
        AND NOT EXISTS (SELECT FROM district_warning d WHERE d.arrival = a.id);
    DELETE FROM canary_flight WHERE slot < extract(epoch FROM clock_timestamp() - keep);
END
$$;

-- When a number was last proven to be its person's: a receipt, an answer, a roll-call.
ALTER TABLE address ADD proven_at timestamptz;

-- The roll-call: a message like any other, that orders nothing. Who answers within its time is at the post.
DO $$
DECLARE
    place record;
BEGIN
    FOR place IN SELECT * FROM (VALUES ('bundle', 'bundle_purpose_check', 'purpose = ''rollcall'''),
                                       ('bundle', 'bundle_kind_check', 'kind = ''rollcall'''),
                                       ('text', 'text_purpose_check', 'purpose = ''rollcall''')) AS of (tab, con, allowed)
                 JOIN pg_constraint k ON k.conrelid = of.tab::regclass AND k.conname = of.con
    LOOP
        EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', place.tab, place.con);
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (%s OR %s)', place.tab, place.con, place.allowed,
                       pg_get_expr(place.conbin, place.conrelid));
    END LOOP;
END
$$;
CREATE TABLE roll_call (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    district  text        NOT NULL REFERENCES district,
    change    bigint      NOT NULL UNIQUE REFERENCES change,
    by        text        NOT NULL,
    at        timestamptz NOT NULL,
    closes_at timestamptz NOT NULL,
    busy      text[]      NOT NULL,   -- names of who was answering an order, and was not asked
    closed_at timestamptz             -- moves once
);
