-- name: alone()!
-- Waits for every intent that is being written; until the end of this transaction none is.
SELECT pg_advisory_xact_lock(lock_of(7073));

-- name: cut_intents()!
-- Whoever holds up a stop is in the middle of writing intents: without its connection nothing of them is sent.
SELECT pg_terminate_backend(pid) FROM pg_locks
WHERE locktype = 'advisory' AND classid = 0 AND objid::bigint = lock_of(7073) AND mode = 'ShareLock' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid <> pg_backend_pid();

-- name: halt(scope, target, by, why, automatic)^
-- A stop; null where the same one is in force.
INSERT INTO halt (scope, target, by, why, automatic) VALUES (:scope, :target, :by, :why, :automatic)
ON CONFLICT (scope, target) WHERE resumed_at IS NULL DO NOTHING RETURNING *;

-- name: halted(scope, target)^
SELECT * FROM halt WHERE scope = :scope AND target = :target AND resumed_at IS NULL;

-- name: halt_by_id(id)^
SELECT * FROM halt WHERE id = :id FOR UPDATE;

-- name: halts(open)
SELECT * FROM halt WHERE (resumed_at IS NULL) = :open ORDER BY id DESC LIMIT 200;

-- name: resume(id, by)!
UPDATE halt SET resumed_at = engine_now(), resumed_by = :by WHERE id = :id;

-- name: end_lapsed(by)
-- End the automatic stops of orders that have lapsed.
UPDATE halt h SET resumed_at = engine_now(), resumed_by = :by
WHERE h.automatic AND h.resumed_at IS NULL AND h.scope = 'order'
  AND EXISTS (SELECT FROM standing_order o WHERE o.id::text = h.target AND o.lapsed_at IS NOT NULL)
RETURNING id;

-- name: waiting(scope, target)^
-- What waits behind a stop, and how it will be judged when it ends.
SELECT count(*) AS waiting, count(*) FILTER (WHERE b.not_after <= engine_now()) AS expired,
       count(*) FILTER (WHERE b.not_after > engine_now() AND b.approval IS NULL AND EXISTS (
           SELECT FROM order_version v WHERE v.id = ANY (b.versions) AND v.superseded_at IS NOT NULL)) AS superseded
FROM chunk c JOIN delivery d ON d.chunk = c.id OR d.id = c.only_delivery JOIN bundle b ON b.id = d.bundle
WHERE c.finished_at IS NULL AND stopped(b, ARRAY[rtrim(:scope::text || ' ' || :target::text)])
  AND NOT EXISTS (SELECT FROM attempt a WHERE a.delivery = d.id AND a.number = c.number)
  AND NOT EXISTS (SELECT FROM delivery_event e WHERE e.delivery = d.id AND e.number = c.number);

-- name: order_exists(id)^
SELECT id, district, unit, hazard, family, lapsed_at FROM standing_order WHERE id = :id;

-- name: districts()
SELECT code FROM district ORDER BY code;

-- name: ask(district, about, words)!
-- A task for the duty room, one while it is open.
INSERT INTO task (district, kind, danger, words) VALUES (:district, 'decide', :about, :words) ON CONFLICT DO NOTHING;

-- name: settled(about, by, result)!
UPDATE task SET closed_at = engine_now(), result = :result, by = :by
WHERE kind = 'decide' AND danger = :about AND closed_at IS NULL;

-- name: lock_district(code)$
SELECT code FROM district WHERE code = :code FOR NO KEY UPDATE;
