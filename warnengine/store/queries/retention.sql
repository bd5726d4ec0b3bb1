-- name: today()$
SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date;

-- name: months()
-- Months of which anything lies in a partition of its own, oldest first.
SELECT DISTINCT month_of(p.upper - 1) AS month FROM by_month() m, partitions_of(m.parent) p
WHERE p.lower >= 0 AND p.upper <= month_begin((clock_timestamp() AT TIME ZONE 'UTC')::date) ORDER BY 1;

-- name: named_months()
-- Months that still have names, numbers and words of people.
SELECT month FROM (SELECT DISTINCT month_of(p.upper - 1) AS month FROM by_month() m, partitions_of(m.parent) p
                   WHERE p.lower >= 0 AND p.upper <= month_begin((clock_timestamp() AT TIME ZONE 'UTC')::date)) AS past
WHERE NOT EXISTS (SELECT FROM nameless_month n WHERE n.month = past.month AND n.done_at IS NOT NULL) ORDER BY 1;

-- name: unfinished()
-- Months that were decided to go and of which something is left.
SELECT month FROM gone_month WHERE done_at IS NULL ORDER BY month;

-- name: partitions(month)
-- One that another engine drops at this moment is named, and empty.
SELECT parent, name, coalesce(pg_total_relation_size(to_regclass(name)), 0) AS bytes,
       coalesce(greatest((SELECT reltuples FROM pg_class WHERE oid = to_regclass(name)), 0), 0)::bigint AS about
FROM partitions_until(:month);

-- name: open_business(month)^
-- What of a month, or before, is not over yet. The canary is nobody's business.
SELECT (SELECT count(DISTINCT o.id) FROM order_version v JOIN standing_order o ON o.id = v.standing_order
        WHERE v.id < id_at(month_end(:month)) AND o.lapsed_at IS NULL AND o.district <> canary()) AS orders,
       (SELECT count(*) FROM obligation WHERE version < id_at(month_end(:month)) AND state IN ('open', 'reached')
           AND district <> canary()) AS obligations,
       (SELECT count(*) FROM bundle WHERE id >= 0 AND id < id_at(month_end(:month)) AND judged_at IS NULL) AS messages,
       (SELECT count(*) FROM chunk WHERE finished_at IS NULL AND only_delivery >= 0 AND only_delivery < id_at(month_end(:month)))
           AS attempts,
       (SELECT count(*) FROM timer WHERE bundle >= 0 AND bundle < id_at(month_end(:month)) AND fired_at IS NULL)
     + (SELECT count(*) FROM schedule WHERE id >= 0 AND id < id_at(month_end(:month)) AND brought_at IS NULL) AS timers,
       (SELECT count(*) FROM task WHERE closed_at IS NULL AND bundle >= 0 AND bundle < id_at(month_end(:month))) AS tasks,
       (SELECT count(*) FROM approval WHERE decided_at IS NULL AND asked_at < month_end(:month)) AS requests;

-- name: unsealed(month)$
-- Whether anything of a month, or before, is not in the chain yet.
WITH sealed AS (
    SELECT (upto ->> 'at')::timestamp AT TIME ZONE 'UTC' AS at, (upto ->> 'answer')::bigint AS answer FROM last_sealed() AS upto
)
SELECT EXISTS (SELECT FROM bundle WHERE id >= 0 AND id < id_at(month_end(:month)) AND made_at >= (SELECT at FROM sealed))
    OR EXISTS (SELECT FROM attempt WHERE delivery >= 0 AND delivery < id_at(month_end(:month)) AND intended_at >= (SELECT at FROM sealed))
    OR EXISTS (SELECT FROM delivery_event WHERE delivery >= 0 AND delivery < id_at(month_end(:month)) AND at >= (SELECT at FROM sealed))
    OR EXISTS (SELECT FROM answer WHERE bundle >= 0 AND bundle < id_at(month_end(:month)) AND id > (SELECT answer FROM sealed));

-- name: calm()$
-- Whether nothing is being sent and nothing is being decided at this moment.
SELECT NOT EXISTS (SELECT FROM chunk WHERE finished_at IS NULL AND due <= engine_now())
   AND NOT EXISTS (SELECT FROM change WHERE expanded_at IS NULL)
   AND NOT EXISTS (SELECT FROM district_warning WHERE applied_at IS NULL);

-- name: retire(month, by, figures)$
SELECT retire_month(:month, :by, :figures);

-- name: cut_chain()$
SELECT cut_chain();

-- name: sweep_chunks(month, most)$
WITH gone AS (DELETE FROM chunk WHERE id IN (SELECT id FROM chunk WHERE finished_at < month_end(:month) ORDER BY id LIMIT :most)
              RETURNING 1) SELECT count(*) FROM gone;

-- name: sweep_tasks(month, most)$
WITH gone AS (DELETE FROM task WHERE id IN (SELECT id FROM task WHERE closed_at < month_end(:month) ORDER BY id LIMIT :most)
              RETURNING 1) SELECT count(*) FROM gone;

-- name: sweep_events(month, most)$
WITH gone AS (DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE at < month_end(:month) ORDER BY id LIMIT :most)
              RETURNING 1) SELECT count(*) FROM gone;

-- name: sweep_schedules(month, most)$
WITH gone AS (DELETE FROM schedule WHERE (id, step) IN (
                  SELECT id, step FROM schedule WHERE id >= 0 AND id < id_at(month_end(:month)) LIMIT :most)
              RETURNING 1) SELECT count(*) FROM gone;

-- name: sweep_checks(month, most)$
WITH gone AS (DELETE FROM verification WHERE id IN (SELECT id FROM verification WHERE version < id_at(month_end(:month)) LIMIT :most)
              RETURNING 1) SELECT count(*) FROM gone;

-- name: sweep_items(month, most)$
WITH gone AS (DELETE FROM item_done WHERE (version, measure) IN (
                  SELECT version, measure FROM item_done WHERE version < id_at(month_end(:month)) LIMIT :most)
              RETURNING 1) SELECT count(*) FROM gone;

-- name: sweep_crossings(month, most)$
WITH gone AS (DELETE FROM crossing WHERE id IN (SELECT id FROM crossing WHERE made_at < month_end(:month) ORDER BY id LIMIT :most)
              RETURNING 1) SELECT count(*) FROM gone;

-- name: sweep_refused(month, most)$
WITH gone AS (DELETE FROM observation_refused WHERE id IN (
                  SELECT id FROM observation_refused WHERE received_at < month_end(:month) ORDER BY id LIMIT :most)
              RETURNING 1) SELECT count(*) FROM gone;

-- name: done(month)!
UPDATE gone_month SET done_at = clock_timestamp() WHERE month = :month;

-- name: begin_unnaming(month, by)$
-- The chain says it before anything is taken out; once for a month.
WITH new AS (INSERT INTO nameless_month (month, by) VALUES (:month, :by) ON CONFLICT DO NOTHING RETURNING month, by)
SELECT count(audit_append('nameless', jsonb_build_object('month', to_char(month, 'YYYYMM'), 'by', by))) FROM new;

-- name: ranges(month)
-- Where the ids of a month lie, table by table.
SELECT m.parent, p.lower, p.upper FROM by_month() m, partitions_of(m.parent) p
WHERE m.parent IN ('delivery', 'part', 'receipt', 'reply', 'answer') AND p.lower >= 0 AND month_of(p.upper - 1) = :month
ORDER BY m.parent;

-- name: unname(parent, since, until, most)$
SELECT unname_piece(:parent, :since, :until, :most);

-- name: unname_tasks(month)!
UPDATE task SET words = '～', address = CASE WHEN address IS NOT NULL THEN '～' END, by = '～'
WHERE closed_at < month_end(:month) AND words <> '～';

-- name: unname_people(month)!
-- People who have held no post since, and whom nobody names any more; the key stays, it is what the chain has sealed.
UPDATE person p SET name = '已离任' WHERE name <> '已离任' AND district <> canary()
  AND EXISTS (SELECT FROM holding h WHERE h.district = p.district AND h.person = p.key)
  AND NOT EXISTS (SELECT FROM holding h WHERE h.district = p.district AND p.key IN (h.person, h.deputy, h.superior)
                  AND h.ends >= month_end(:month));

-- name: forget_addresses(month)!
DELETE FROM address WHERE retired_at < month_end(:month);

-- name: nameless(month)!
UPDATE nameless_month SET done_at = clock_timestamp() WHERE month = :month;
