-- name: untold()
-- Orders that a limit holds back, of which nobody who may let them through has learnt, locked, the gravest first.
SELECT h.id, h.why, o.district, v.change, coalesce(v.level, v.before) AS level, v.not_after
FROM halt h JOIN standing_order o ON h.scope = 'order' AND h.target = o.id::text
JOIN order_version v ON v.standing_order = o.id AND v.superseded_at IS NULL
WHERE h.automatic AND h.resumed_at IS NULL AND h.told_at IS NULL AND v.not_after > engine_now()
ORDER BY 5 DESC, h.id FOR UPDATE OF h SKIP LOCKED;

-- name: told(halts, note)!
WITH told AS (UPDATE halt SET told_at = engine_now() WHERE id = ANY(:halts::bigint[]) RETURNING id)
UPDATE task t SET words = t.words || :note FROM told
WHERE t.kind = 'decide' AND t.closed_at IS NULL AND t.danger = 'halt ' || told.id;
