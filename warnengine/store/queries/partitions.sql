-- name: missing()
SELECT parent, month FROM missing_partitions((now() AT TIME ZONE 'UTC' - interval '1 month')::date, 4);

-- name: leap()$
-- Counted ids of a month begin where the month begins.
SELECT leap_to_month();

-- name: without_month()
-- Tables with rows for which there was no partition.
SELECT parent FROM by_month() WHERE holds_rows(parent || '_default') ORDER BY parent;
