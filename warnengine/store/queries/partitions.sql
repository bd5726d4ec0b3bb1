-- name: missing()
SELECT parent, month FROM missing_partitions((now() AT TIME ZONE 'UTC' - interval '1 month')::date, 4);

-- name: leap()$
-- Counted ids of a month begin where the month begins.
SELECT leap_to_month();

-- name: locks()^
-- How many locks the server has room for, and how many a statement takes that looks through every month.
SELECT current_setting('max_locks_per_transaction')::bigint
           * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int) AS room,
       (SELECT count(*) + (SELECT count(*) FROM pg_index x WHERE x.indrelid = ANY (array_agg(i.inhrelid)))
        FROM by_month() m JOIN pg_inherits i ON i.inhparent = to_regclass(m.parent)) AS most,
       current_setting('max_locks_per_transaction')::int AS now;

-- name: without_month()
-- Tables with rows for which there was no partition.
SELECT parent FROM by_month() WHERE holds_rows(parent || '_default') ORDER BY parent;

-- name: uncounted()
-- Tables of which PostgreSQL thinks that they have less than a tenth of their rows. Of one that was never counted it
-- goes by the length; one that it counts while the first rows are being written is empty to it, however long, and
-- the plans for it are the worst there are: so only rows that are committed call for a count.
SELECT c.oid::regclass::text AS name FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
  AND greatest(c.reltuples, 0) * 10 < pg_stat_get_live_tuples(c.oid);
