-- Whatever grows with every person and every warning lies in months, so that a history costs nothing and a month that is
-- past its term goes at once. Ids are ordered by time: a month is a range of them. Where an id only counts, its sequence
-- leaps to the month's first id when the month begins.

-- What lies in months, by which column, and which sequence leaps.
CREATE FUNCTION by_month() RETURNS TABLE (parent text, key text, counter text) LANGUAGE sql IMMUTABLE AS
$$ VALUES ('delivery', 'id', NULL), ('attempt', 'delivery', NULL), ('delivery_event', 'delivery', NULL),
          ('part', 'delivery', NULL), ('timer', 'bundle', NULL), ('answer', 'bundle', NULL), ('bundle', 'id', NULL),
          ('obligation', 'version', 'order_version_id_seq'), ('receipt', 'id', 'receipt_id_seq'),
          ('reply', 'id', 'reply_id_seq') $$;

-- What a key can only be within a month, for it has not the partition's column: `definition` follows CREATE UNIQUE INDEX … ON.
CREATE TABLE month_key (
    parent     text NOT NULL,
    name       text NOT NULL,
    definition text NOT NULL,
    PRIMARY KEY (parent, name)
);
INSERT INTO month_key VALUES ('delivery', 'one_delivery', '(bundle, channel, address)');

-- The partitions of a table and the ids that each has room for; null where it has no end.
CREATE FUNCTION partitions_of(of_parent text) RETURNS TABLE (name text, lower bigint, upper bigint) LANGUAGE sql STABLE AS
$$ SELECT c.relname::text, substring(bound FROM 'FROM \(''?(-?\d+)')::bigint, substring(bound FROM 'TO \(''?(-?\d+)')::bigint
   FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid, pg_get_expr(c.relpartbound, c.oid) AS bound
   WHERE i.inhparent = to_regclass(of_parent) AND bound <> 'DEFAULT' $$;

CREATE FUNCTION month_of(id bigint) RETURNS date LANGUAGE sql IMMUTABLE AS
$$ SELECT date_trunc('month', to_timestamp(((id >> 22) + 1577836800000) / 1000.0) AT TIME ZONE 'UTC')::date $$;
CREATE FUNCTION month_begin(month date) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT id_at(date_trunc('month', month)::timestamp AT TIME ZONE 'UTC') $$;

CREATE FUNCTION add_month_keys(of_parent text, partition text, suffix text) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
    one month_key%ROWTYPE;
BEGIN
    FOR one IN SELECT * FROM month_key WHERE parent = of_parent LOOP
        EXECUTE format('CREATE UNIQUE INDEX IF NOT EXISTS %I ON %I %s', one.name || suffix, partition, one.definition);
    END LOOP;
END
$$;

-- Room for a month; true where it was made now. What lies in the default partition, because there was no room, moves in.
CREATE FUNCTION make_partition(of_parent text, month date) RETURNS boolean LANGUAGE plpgsql AS
$$
DECLARE
    suffix text := to_char(month, '_YYYYMM');
    name   text := of_parent || suffix;
    rest   text := of_parent || '_default';
    since  bigint := month_begin(month);
    until  bigint := month_begin((date_trunc('month', month) + interval '1 month')::date);
    column_ text := (SELECT m.key FROM by_month() m WHERE m.parent = of_parent);
    waiting boolean := false;
BEGIN
    IF EXISTS (SELECT FROM partitions_of(of_parent) p WHERE p.lower < until AND p.upper > since) THEN
        RETURN false;
    END IF;
    IF to_regclass(rest) IS NOT NULL THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %I >= %s AND %I < %s)', rest, column_, since, column_, until)
            INTO waiting;
    END IF;
    IF waiting THEN
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name, of_parent);
        EXECUTE format('WITH moved AS (DELETE FROM %I WHERE %I >= %s AND %I < %s RETURNING *) INSERT INTO %I SELECT * FROM moved',
                       rest, column_, since, column_, until, name);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', of_parent, name, since, until);
    ELSE
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%s) TO (%s)', name, of_parent, since, until);
    END IF;
    PERFORM add_month_keys(of_parent, name, suffix);
    RETURN true;
END
$$;

-- What ensure_partitions still has to make.
CREATE FUNCTION missing_partitions(first_month date, months int) RETURNS TABLE (parent text, month date) LANGUAGE sql STABLE AS
$$ SELECT m.parent, wanted.month
   FROM by_month() m, generate_series(0, months - 1) AS n,
        LATERAL (SELECT (date_trunc('month', first_month) + make_interval(months => n))::date AS month) AS wanted
   WHERE NOT EXISTS (SELECT FROM partitions_of(m.parent) p
                     WHERE p.lower < month_begin((wanted.month + interval '1 month')::date) AND p.upper > month_begin(wanted.month))
   ORDER BY wanted.month, m.parent $$;

CREATE FUNCTION holds_rows(of_table text) RETURNS boolean LANGUAGE plpgsql STABLE AS
$$
DECLARE
    found_ boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %I)', of_table) INTO found_;
    RETURN found_;
END
$$;

-- Counted ids of this month begin where the month begins. Never back: what a sequence has given out lies far below.
CREATE FUNCTION leap_to_month() RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
    counter_ text;
    start    bigint := month_begin((clock_timestamp() AT TIME ZONE 'UTC')::date);
BEGIN
    FOR counter_ IN SELECT m.counter FROM by_month() m WHERE m.counter IS NOT NULL LOOP
        IF coalesce(pg_sequence_last_value(counter_::regclass), 0) < start THEN
            PERFORM setval(counter_::regclass, start);
        END IF;
    END LOOP;
END
$$;

-- Which month's rows lie where. Called at start and hourly; a range that exists is left alone.
CREATE OR REPLACE FUNCTION ensure_partitions(first_month date, months int) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT * FROM missing_partitions(first_month, months) LOOP
        PERFORM make_partition(one.parent, one.month);
    END LOOP;
    PERFORM leap_to_month();
END
$$;

-- The tables themselves. A table with rows in it becomes its own first partition, up to the end of this month, so nothing
-- is copied. Views and functions that know its row are made again over the new one. Nothing refers to what lies in months by
-- a foreign key any more, as nothing ever did to deliveries: a month could not go else. What it refers to stays referred to.
DO $$
DECLARE
    tables   text[] := ARRAY['part', 'timer', 'answer', 'bundle', 'obligation', 'receipt', 'reply'];
    oids     oid[] := ARRAY(SELECT t::regclass::oid FROM unnest(tables) AS t);
    types    oid[] := ARRAY(SELECT reltype FROM pg_class WHERE oid = ANY (oids));
    knowing  oid[] := ARRAY(SELECT p.oid FROM pg_proc p WHERE p.prorettype = ANY (types)
                            OR EXISTS (SELECT FROM unnest(p.proargtypes) AS t WHERE t = ANY (types)));
    bodies   text[] := ARRAY(SELECT pg_get_functiondef(p) FROM unnest(knowing) AS p);
    views    record;
    names    text[] := '{}';
    queries  text[] := '{}';
    one      record;
    tab      text;
    col      text;
    month    date := date_trunc('month', now() AT TIME ZONE 'UTC')::date;
    suffix   text := to_char(now() AT TIME ZONE 'UTC', '_YYYYMM');
    old      text;
    tail     text;
    makes    text[];
    counted  bigint;
    counter_ text;
    rows_    boolean;
BEGIN
    FOR views IN
        WITH RECURSIVE over AS (
            SELECT r.ev_class AS view, 1 AS depth FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
            WHERE d.classid = 'pg_rewrite'::regclass AND r.ev_class <> d.refobjid
              AND (d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY (oids)
                   OR d.refclassid = 'pg_proc'::regclass AND d.refobjid = ANY (knowing))
            UNION
            SELECT r.ev_class, o.depth + 1 FROM over o JOIN pg_depend d ON d.refobjid = o.view AND d.refclassid = 'pg_class'::regclass
            JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass AND r.ev_class <> o.view
        )
        SELECT view::regclass::text AS name, pg_get_viewdef(view) AS query, max(depth) AS depth
        FROM over GROUP BY view ORDER BY max(depth), view
    LOOP
        names := names || views.name;
        queries := queries || views.query;
    END LOOP;
    FOR one IN SELECT n FROM unnest(names) WITH ORDINALITY AS v(n, place) ORDER BY place DESC LOOP
        EXECUTE format('DROP VIEW %s', one.n);
    END LOOP;
    FOR one IN SELECT p::regprocedure AS f FROM unnest(knowing) AS p LOOP
        EXECUTE format('DROP FUNCTION %s', one.f);
    END LOOP;
    FOR one IN SELECT conrelid::regclass AS tab, conname FROM pg_constraint
               WHERE contype = 'f' AND confrelid = ANY (oids) LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.tab, one.conname);
    END LOOP;

    FOREACH tab IN ARRAY tables LOOP
        SELECT m.key INTO col FROM by_month() m WHERE m.parent = tab;
        old := tab || suffix;
        EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %I >= 0)', tab, col) INTO rows_;
        makes := '{}';
        FOR one IN SELECT conname FROM pg_constraint WHERE conrelid = tab::regclass AND contype = 'c' AND NOT convalidated LOOP
            EXECUTE format('ALTER TABLE %I VALIDATE CONSTRAINT %I', tab, one.conname);
        END LOOP;
        -- a counted id goes on counting
        counter_ := NULL;
        FOR one IN SELECT attname FROM pg_attribute WHERE attrelid = tab::regclass AND attidentity <> '' LOOP
            counter_ := tab || '_' || one.attname || '_seq';
            counted := coalesce(pg_sequence_last_value(pg_get_serial_sequence(tab, one.attname)::regclass), 0);
            EXECUTE format('ALTER TABLE %I ALTER %I DROP IDENTITY', tab, one.attname);
            EXECUTE format('CREATE SEQUENCE %I', counter_);
            IF counted > 0 THEN
                PERFORM setval(counter_::regclass, counted);
            END IF;
            EXECUTE format('ALTER TABLE %I ALTER %I SET DEFAULT nextval(%L::regclass)', tab, one.attname, counter_);
            makes := makes || format('ALTER SEQUENCE %I OWNED BY %I.%I', counter_, tab, one.attname);
        END LOOP;
        FOR one IN SELECT tgname, pg_get_triggerdef(oid) AS def FROM pg_trigger WHERE tgrelid = tab::regclass AND NOT tgisinternal LOOP
            EXECUTE format('DROP TRIGGER %I ON %I', one.tgname, tab);
            makes := makes || one.def;
        END LOOP;
        IF tab = 'answer' THEN                 -- its month is that of the message, not its number
            ALTER TABLE answer DROP CONSTRAINT answer_pkey, ADD CONSTRAINT answer_pkey PRIMARY KEY (bundle, id);
            CREATE INDEX answer_by_id ON answer (id);
        END IF;
        FOR one IN SELECT conname, pg_get_constraintdef(oid) AS def FROM pg_constraint WHERE conrelid = tab::regclass AND contype = 'f' LOOP
            makes := makes || format('ALTER TABLE %I ADD CONSTRAINT %I %s', tab, one.conname, one.def);
        END LOOP;
        FOR one IN
            SELECT i.indexrelid::regclass::text AS name, k.conname, k.contype, pg_get_constraintdef(k.oid) AS def, i.indisunique AS single,
                   substring(pg_get_indexdef(i.indexrelid) FROM ' (USING .*)$') AS tail,
                   EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attname = col
                           AND a.attnum = ANY (i.indkey::int2[])) AS whole
            FROM pg_index i LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u')
            WHERE i.indrelid = tab::regclass ORDER BY i.indexrelid
        LOOP
            IF NOT one.single OR one.whole THEN
                makes := makes || CASE WHEN one.conname IS NOT NULL THEN format('ALTER TABLE %I ADD CONSTRAINT %I %s', tab, one.conname, one.def)
                                       ELSE format('CREATE %s INDEX %I ON %I %s', CASE WHEN one.single THEN 'UNIQUE' ELSE '' END, one.name, tab, one.tail)
                                  END;
            ELSE
                INSERT INTO month_key VALUES (tab, one.name, one.tail);
            END IF;
            EXECUTE format('ALTER INDEX %I RENAME TO %I', one.name, one.name || suffix);
        END LOOP;
        EXECUTE format('ALTER TABLE %I RENAME TO %I', tab, old);
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (%I)', tab, old, col);
        IF col IN ('id', 'bundle', 'delivery') AND tab NOT IN ('receipt', 'reply') THEN
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', tab || '_canary', tab);
            EXECUTE format('WITH moved AS (DELETE FROM %I WHERE %I < 0 RETURNING *) INSERT INTO %I SELECT * FROM moved',
                           old, col, tab || '_canary');
        END IF;
        FOREACH tail IN ARRAY makes LOOP
            EXECUTE tail;
        END LOOP;
        IF to_regclass(tab || '_canary') IS NOT NULL THEN
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (0)', tab, tab || '_canary');
            PERFORM add_month_keys(tab, tab || '_canary', '_canary');
        END IF;
        IF rows_ THEN
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (0) TO (%s)', tab, old,
                           month_begin((month + interval '1 month')::date));
        ELSE
            EXECUTE format('DROP TABLE %I', old);
        END IF;
    END LOOP;

    -- whatever has no month finds room all the same; the doctor tells
    FOR tab IN SELECT m.parent FROM by_month() m LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', tab || '_default', tab);
        PERFORM add_month_keys(tab, tab || '_default', '_default');
    END LOOP;
    FOREACH tail IN ARRAY bodies LOOP
        EXECUTE tail;
    END LOOP;
    FOR one IN SELECT n, q FROM unnest(names, queries) WITH ORDINALITY AS v(n, q, place) ORDER BY place LOOP
        EXECUTE format('CREATE VIEW %s AS %s', one.n, one.q);
    END LOOP;
END
$$;
SELECT ensure_partitions((now() - interval '1 month')::date, 4);

-- Whoever deletes a text or a change, as the canary's are every hour, would look through every bundle there ever was. Both
-- are written in the transaction that writes their bundles, and nothing else deletes any.
ALTER TABLE bundle DROP CONSTRAINT IF EXISTS bundle_text_fkey, DROP CONSTRAINT IF EXISTS bundle_change_fkey;
DO $$
BEGIN
    EXECUTE regexp_replace(pg_get_functiondef('prune_canary(interval)'::regprocedure),
                           '(SELECT FROM bundle b WHERE b\.(text = t|change = c)\.id)\)', '\1 AND b.id < 0)', 'g');
END
$$;

-- The chain --------------------------------------------------------------------------------------------------------------

-- As sent_digests, with memory that does not grow with the window: a digest over the digests of a thousand lines each.
-- `pieces` tells these seals from those of before, which hashed the whole window at once.
CREATE FUNCTION sent_pieces(bounds timestamptz[])
RETURNS TABLE (place int, month text, bundles bigint, attempts bigint, events bigint, sha256 text, pieces bigint)
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
    ), ordered AS (
        SELECT place, to_char(month_of(of), 'YYYYMM') AS month, of, what, words,
               (row_number() OVER (PARTITION BY place, month_of(of)
                                   ORDER BY of, what COLLATE "C", words COLLATE "C") - 1) / 1000 AS piece
        FROM line
    ), piece AS (
        SELECT place, month, piece, count(*) FILTER (WHERE what = 'bundle') AS bundles,
               count(*) FILTER (WHERE what = 'attempt') AS attempts, count(*) FILTER (WHERE what = 'event') AS events,
               sha256(convert_to(string_agg(what || '|' || of || '|' || words, E'\n'
                                            ORDER BY of, what COLLATE "C", words COLLATE "C"), 'UTF8')) AS digest
        FROM ordered GROUP BY place, month, piece
    )
    SELECT place, month, sum(bundles)::bigint, sum(attempts)::bigint, sum(events)::bigint,
           encode(sha256(string_agg(digest, ''::bytea ORDER BY piece)), 'hex'), count(*)
    FROM piece GROUP BY place, month
$$;

CREATE FUNCTION last_sealed() RETURNS jsonb LANGUAGE sql STABLE AS
$$ SELECT coalesce((SELECT body -> 'upto' FROM audit WHERE kind = 'seal' ORDER BY seq DESC LIMIT 1),
                   '{"at": "-infinity", "text": 0, "answer": 0, "version": 0}') $$;

-- Seal from the last seal to a mark, at most `most` texts and answers at a time: the next seal goes on. All is read before
-- the chain's lock is taken, so no decision waits for a long window; whoever was faster has sealed it.
DROP FUNCTION seal_up_to(jsonb);
CREATE FUNCTION seal_up_to(mark jsonb, most int DEFAULT 5000) RETURNS jsonb LANGUAGE plpgsql AS
$$
DECLARE
    last    jsonb;
    now_    jsonb;
    fresh   jsonb;
    texts   jsonb;
    answers jsonb;
    span    timestamptz[];
BEGIN
    IF pg_snapshot_xmin(pg_current_snapshot()) <= (mark ->> 'xid')::xid8 THEN
        RETURN NULL;
    END IF;
    last := last_sealed();
    IF (mark ->> 'at')::timestamp <= (last ->> 'at')::timestamp
       OR (mark ->> 'at')::timestamp > engine_now() AT TIME ZONE 'UTC' THEN  -- a demo's clock was set back
        RETURN NULL;
    END IF;
    span := ARRAY[(last ->> 'at')::timestamp AT TIME ZONE 'UTC', (mark ->> 'at')::timestamp AT TIME ZONE 'UTC'];
    SELECT coalesce(jsonb_agg(seal ORDER BY id), '[]') INTO texts FROM (
        SELECT id, seal FROM text_seal WHERE id > (last ->> 'text')::bigint AND id <= (mark ->> 'text')::bigint
        ORDER BY id LIMIT most) AS few;
    SELECT coalesce(jsonb_agg(seal ORDER BY id), '[]') INTO answers FROM (
        SELECT id, seal FROM answer_seal WHERE id > (last ->> 'answer')::bigint AND id <= (mark ->> 'answer')::bigint
        ORDER BY id LIMIT most) AS few;
    IF jsonb_array_length(texts) = most THEN
        mark := jsonb_set(mark, '{text}', texts -> -1 -> 'id');
    END IF;
    IF jsonb_array_length(answers) = most THEN
        mark := jsonb_set(mark, '{answer}', answers -> -1 -> 'id');
    END IF;
    fresh := jsonb_build_object(
        'since', last, 'upto', mark - 'xid', 'texts', texts, 'answers', answers,
        'sent', (SELECT coalesce(jsonb_agg(to_jsonb(d) - 'place' ORDER BY month), '[]') FROM sent_pieces(span) d));
    IF jsonb_array_length(texts) + jsonb_array_length(answers) + jsonb_array_length(fresh -> 'sent') = 0 THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(7071);
    now_ := last_sealed();
    IF now_ <> last THEN
        RETURN NULL;
    END IF;
    PERFORM audit_append('seal', fresh);
    RETURN fresh;
END
$$;

-- Months whose term is over ------------------------------------------------------------------------------------------------

-- Written with the row of the chain that says so, before anything goes: whatever kills the engine in between, the rest
-- goes later, and the chain is cut where that row says.
CREATE TABLE gone_month (
    month      date        PRIMARY KEY,
    by         text        NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    cut        bigint      NOT NULL,      -- the last row of the chain that goes with it; 0: none
    cut_hash   text        NOT NULL,
    cut_at     timestamptz NOT NULL,
    done_at    timestamptz                -- moves once: nothing of it is left
);
-- Months whose numbers, mailboxes and words of people are gone from what is kept.
CREATE TABLE nameless_month (
    month      date        PRIMARY KEY,
    by         text        NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    done_at    timestamptz                -- moves once
);
CREATE INDEX audit_by_time ON audit (at);

CREATE FUNCTION month_end(month date) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS
$$ SELECT (date_trunc('month', month) + interval '1 month')::timestamp AT TIME ZONE 'UTC' $$;

-- Partitions that end with a month or before; the canary's are pruned otherwise.
CREATE FUNCTION partitions_until(month date) RETURNS TABLE (parent text, name text) LANGUAGE sql STABLE AS
$$ SELECT m.parent, p.name FROM by_month() m, partitions_of(m.parent) p
   WHERE p.lower >= 0 AND p.upper <= id_at(month_end(month)) ORDER BY m.parent, p.upper $$;

-- Decide that a month goes. The chain goes with it up to its end, but for its last seal, from which the next one begins.
CREATE FUNCTION retire_month(of_month date, by_whom text, figures jsonb) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
    last audit%ROWTYPE;
BEGIN
    PERFORM pg_advisory_xact_lock(7071);
    SELECT * INTO last FROM audit
    WHERE at < month_end(of_month) AND seq < (SELECT max(seq) FROM audit WHERE kind = 'seal') ORDER BY at DESC, seq DESC LIMIT 1;
    INSERT INTO gone_month (month, by, cut, cut_hash, cut_at)
    VALUES (of_month, by_whom, coalesce(last.seq, 0), coalesce(encode(last.hash, 'hex'), ''), coalesce(last.at, '-infinity'))
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN                 -- another engine was faster
        RETURN;
    END IF;
    PERFORM audit_append('retention', jsonb_build_object(
        'month', to_char(of_month, 'YYYYMM'), 'by', by_whom, 'about', figures,
        'cut', jsonb_build_object('seq', coalesce(last.seq, 0), 'hash', coalesce(encode(last.hash, 'hex'), ''))));
END
$$;

CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('warnengine.cut', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the audit chain is append-only';
END
$$;
-- Only rows up to a cut that the chain itself has named.
CREATE FUNCTION cut_chain() RETURNS bigint LANGUAGE plpgsql AS
$$
DECLARE
    cut_  bigint;
    gone  bigint;
BEGIN
    SELECT max(g.cut) INTO cut_ FROM gone_month g JOIN audit a ON a.kind = 'retention'
        AND (a.body #>> '{cut,seq}')::bigint = g.cut AND a.body #>> '{cut,hash}' = g.cut_hash WHERE a.seq > g.cut;
    PERFORM set_config('warnengine.cut', 'on', true);
    DELETE FROM audit WHERE seq <= cut_;
    GET DIAGNOSTICS gone = ROW_COUNT;
    PERFORM set_config('warnengine.cut', '', true);
    RETURN gone;
END
$$;

-- Decisions of which the table says something else than the chain; what was decided before the cut is not in it any more,
-- and what is not in it orders nothing.
CREATE OR REPLACE VIEW doubted_decision AS
SELECT a.id, a.district, a.decision, s.decision AS sealed, s.seq
FROM approval a LEFT JOIN sealed_decision s ON s.approval = a.id
WHERE (a.decision IS DISTINCT FROM s.decision OR s.decision IS NOT NULL AND s.sha256 <> encode(a.sha256, 'hex'))
  AND NOT (s.seq IS NULL AND a.decided_at <= (SELECT coalesce(max(cut_at), '-infinity') FROM gone_month WHERE done_at IS NOT NULL));

-- A seal of an answer, without what was taken out where its month has no names any more, as the chain itself says.
CREATE FUNCTION named(seal jsonb) RETURNS jsonb LANGUAGE sql STABLE AS
$$ SELECT CASE WHEN EXISTS (SELECT FROM nameless_month n WHERE n.month = month_of((seal ->> 'bundle')::bigint)
                            AND EXISTS (SELECT FROM audit WHERE kind = 'nameless' AND body ->> 'month' = to_char(n.month, 'YYYYMM')))
               THEN seal - ARRAY['by', 'who', 'words', 'why'] ELSE seal END $$;

-- Take numbers, mailboxes and words out of a piece of a month; returns where the next one begins, null at the end. What the
-- chain has sealed is left: keys of people, times, steps.
CREATE FUNCTION unname_piece(of_parent text, since bigint, until bigint, most int) RETURNS bigint LANGUAGE plpgsql AS
$$
DECLARE
    column_ text := (SELECT m.key FROM by_month() m WHERE m.parent = of_parent);
    last_   bigint;
    sets    text := CASE of_parent
        WHEN 'delivery' THEN $s$address = '～' || (id & 15)$s$
        WHEN 'part' THEN $s$address = '～'$s$
        WHEN 'receipt' THEN $s$address = '～', raw = ''$s$
        WHEN 'reply' THEN $s$address = '～', raw = '', words = ''$s$
        WHEN 'answer' THEN $s$by = '～', words = '', who = CASE who WHEN '' THEN '' ELSE '～' END,
                              why = CASE why WHEN '' THEN '' ELSE '～' END$s$ END;
BEGIN
    EXECUTE format('SELECT max(k) FROM (SELECT %1$I AS k FROM %2$I WHERE %1$I >= %3$s AND %1$I < %4$s ORDER BY %1$I LIMIT %5$s) AS few',
                   column_, of_parent, since, until, most) INTO last_;
    IF last_ IS NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE format('UPDATE %I SET %s WHERE %I BETWEEN %s AND %s', of_parent, sets, column_, since, last_);
    RETURN last_ + 1;
END
$$;
