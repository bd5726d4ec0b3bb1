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
