-- name: now()$
SELECT clock_timestamp();

-- name: register_person(district, key, name)*!
INSERT INTO person (district, key, name) VALUES (:district, :key, :name)
ON CONFLICT (district, key) DO UPDATE SET name = excluded.name;

-- name: forget_ways()!
DELETE FROM address WHERE district = canary();

-- name: forget_posts()!
DELETE FROM holding WHERE district = canary();

-- name: register_way(district, person, channel, address)*!
INSERT INTO address (district, person, channel, address) VALUES (:district, :person, :channel, :address);

-- name: register_post(person, unit, post)*!
INSERT INTO holding (district, unit, post, person) VALUES (canary(), :unit, :post, :person);

-- name: somebodys(addresses)
-- Whose number or mailbox a canary would go to.
SELECT p.name, a.address FROM address a JOIN person p ON p.district = a.district AND p.key = a.person
WHERE a.district <> canary() AND a.retired_at IS NULL
  AND EXISTS (SELECT FROM unnest(:addresses::text[]) AS one WHERE same_address(a.address, one));

-- name: claim_flight(path, slot)$
-- Whether this process sends the canary of this interval.
INSERT INTO canary_flight (path, slot) VALUES (:path, :slot) ON CONFLICT DO NOTHING RETURNING true;

-- name: watch(paths)!
-- On watch from now on; what is configured no more is forgotten.
WITH gone AS (DELETE FROM canary_path WHERE path <> ALL(:paths::text[]))
INSERT INTO canary_path (path, since) SELECT path, clock_timestamp() FROM unnest(:paths::text[]) AS path
ON CONFLICT DO NOTHING;

-- name: prove()!
-- The last proof of each path. In: the reconciler has taken the message in. Out: the gateway's receipt, or its yes
-- where it gives no receipts. Back: an answer to it, taken as any person's.
WITH seen AS (
    SELECT 'in/' || split_part(w.issuer, '/', 2) AS path, max(d.applied_at) AS at
    FROM district_warning d JOIN warning w ON w.id = d.warning
    WHERE d.district = canary() AND d.applied_at IS NOT NULL GROUP BY w.issuer
    UNION ALL
    SELECT 'out/' || gateway, max(at) FROM delivery_event
    WHERE delivery < 0 AND (what = 'delivered' OR what = 'accepted' AND detail = 'no receipts') GROUP BY gateway
    UNION ALL
    SELECT 'back/' || r.gateway, max(a.at) FROM answer a JOIN reply r ON r.bundle = a.bundle
    WHERE a.bundle < 0 GROUP BY r.gateway
)
UPDATE canary_path p SET proven = greatest(p.proven, clock_timestamp() - (engine_now() - seen.at))
FROM seen WHERE seen.path = p.path;

-- name: proofs()
SELECT path, since, proven FROM canary_path ORDER BY path;

-- name: prune(keep)$
-- Forget what the canary wrote longer ago than that.
SELECT prune_canary(:keep::interval);

-- name: grown()$
-- How many rows the canary has, where they are many.
SELECT (SELECT count(*) FROM delivery_canary) + (SELECT count(*) FROM bundle WHERE id < 0);
