-- name: claim(channel, gateway, owner, lease, lowest, abandoned, spare, alone)^
-- The gravest due chunk that nobody holds. A chunk is held for one batch: graver ones come between. What has failed
-- at a gateway is left to another one, unless there is none that could take it.
UPDATE chunk SET owner = :owner, epoch = epoch + 1, lease_until = clock_timestamp() + :lease::interval
WHERE id = (SELECT id FROM chunk
            WHERE finished_at IS NULL AND channel = :channel AND lane <= :lowest::smallint AND due <= engine_now()
              AND (avoid IS DISTINCT FROM :gateway OR :alone::boolean) AND (avoid IS NOT NULL OR NOT :spare::boolean)
              AND (lease_until < clock_timestamp() OR lease_until IS NULL AND NOT :abandoned::boolean)
              AND NOT (SELECT 'all' = ANY (halts()))
            ORDER BY lane, due, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, epoch, number, purpose, lane, only_delivery, engine_now() AS now;

-- name: doubts(chunk, epoch, only_delivery)
-- Attempts that an earlier owner wrote down and never settled. From the deliveries of the chunk: attempts are many.
SELECT a.delivery, a.number, d.address, b.level, b.not_after, b.kind = 'lapse' AS lapses
FROM (SELECT * FROM delivery WHERE chunk = :chunk
      UNION ALL
      SELECT * FROM delivery WHERE id = :only_delivery) AS d
CROSS JOIN LATERAL (SELECT * FROM attempt WHERE delivery = d.id AND chunk = :chunk AND epoch < :epoch) AS a
CROSS JOIN LATERAL (SELECT * FROM bundle WHERE id = d.bundle LIMIT 1) AS b
WHERE true
  AND NOT EXISTS (SELECT FROM delivery_event e WHERE e.delivery = a.delivery AND e.number = a.number);

-- name: candidates(chunk, number, only_delivery, fresh, most)
-- Deliveries of a chunk that have no intent and no event under this number, and whose predecessors are settled.
-- fresh: nobody has had this chunk before, and these are the first attempts, so that none of them is taken.
-- Scalar subqueries with LIMIT 1, not EXISTS: the planner would hash whole tables for it, the longer the history is.
-- A request for approval does not go stale with a version, but with the decision; nobody is asked to stand in for
-- somebody who has answered meanwhile; no end is told of an order that stands again; no machine calls about what is
-- answered or what the duty room calls about; nothing but an all-clear goes to a number that is not theirs any more.
-- untried: how many there are, those that must wait and those beyond :most included.
WITH untried AS MATERIALIZED (
    SELECT * FROM (SELECT * FROM delivery WHERE id = :only_delivery
                   UNION ALL
                   SELECT * FROM delivery WHERE chunk = :chunk AND :only_delivery::bigint IS NULL) AS d
    WHERE NOT tried(d.id, :number::smallint)
), waiting AS MATERIALIZED (
    SELECT d.id, d.bundle, d.channel, d.address
    FROM untried d JOIN bundle b ON b.id = d.bundle
    WHERE ((SELECT halts()) = '{}' OR NOT stopped(b, (SELECT halts())))
      AND (b.follows = '{}' OR NOT EXISTS (SELECT FROM unnest(b.follows) AS before WHERE unsettled(before)))
    ORDER BY d.id LIMIT :most
)
SELECT (SELECT count(*) FROM untried) AS untried, d.id AS delivery, :number::smallint AS number, d.bundle, d.address,
       b.change, b.level, b.not_after, b.kind = 'lapse' AS lapses, b.text,
       b.purpose = 'order' AND b.kind <> 'issue' AS renews,
       CASE WHEN b.approval IS NULL THEN b.versions ELSE '{}' END AS versions,
       b.approval IS NOT NULL AND (SELECT decided_at IS NOT NULL FROM approval WHERE id = b.approval)
           OR b.purpose NOT IN ('order', 'approval') AND no_longer_asked(b.id)
           OR b.kind = 'lapse' AND stands_again(b)
           OR d.channel = 'voice' AND (asked.open IS NULL
               OR (SELECT true FROM delivery h WHERE h.id BETWEEN b.id AND b.id + 15 AND h.channel = 'call' LIMIT 1) IS NOT NULL)
           AS moot,
       b.kind <> 'lapse' AND (SELECT true FROM address a WHERE a.district = b.district AND a.person = b.person
                              AND a.address = d.address AND a.retired_at IS NOT NULL LIMIT 1) IS NOT NULL AS retired,
       b.purpose = 'order' AND asked.open IS NULL AS answered,
       NOT :fresh::boolean AND taken(d.id) AS taken,
       p.name, coalesce(silent.posts, b.posts) AS posts
FROM waiting d
JOIN bundle b ON b.id = d.bundle
CROSS JOIN LATERAL (SELECT (SELECT true FROM obligation WHERE bundle = b.id AND state IN ('open', 'reached') LIMIT 1) AS open)
    AS asked
LEFT JOIN bundle silent ON silent.id = b.behalf
JOIN person p ON p.district = b.district AND p.key = coalesce(silent.person, b.person)
ORDER BY d.id;

-- name: undelivered(bundles, gateway)
-- Parts of earlier messages to the same people about the same orders that a gateway took and has not confirmed.
SELECT DISTINCT p.provider_id, p.address
FROM bundle b
JOIN order_version v ON v.id = ANY (b.versions)
JOIN order_version w ON w.standing_order = v.standing_order AND w.version < v.version
JOIN bundle o ON o.district = b.district AND o.person = b.person AND o.change >= w.change AND o.id < b.id
             AND w.id = ANY (o.versions)
CROSS JOIN LATERAL (SELECT * FROM delivery WHERE id BETWEEN o.id AND o.id + 15) AS d
CROSS JOIN LATERAL (SELECT * FROM part WHERE delivery = d.id AND gateway = :gateway AND fate IS NULL) AS p
WHERE b.id = ANY(:bundles::bigint[]) AND p.accepted_at > (SELECT clock_timestamp() - interval '1 day');

-- name: share_versions(ids)
-- Locks the versions against withdrawal until the intents are committed, and tells which are withdrawn already.
SELECT id, superseded_at IS NOT NULL AS superseded FROM order_version WHERE id = ANY(:ids::bigint[])
ORDER BY id FOR SHARE;

-- name: texts(ids)
SELECT id, short, subject, body, html, notes FROM text WHERE id = ANY(:ids::bigint[]);

-- name: hold_claims(owner, chunks, epochs)
-- Those of these claims that are still ours; holds them so until the outcomes are committed.
SELECT c.id, c.epoch FROM unnest(:chunks::bigint[], :epochs::int[]) AS claim(chunk, epoch)
JOIN chunk c ON c.id = claim.chunk AND c.epoch = claim.epoch AND c.owner = :owner
ORDER BY c.id FOR UPDATE OF c;

-- name: finish(owner, chunks, epochs)
-- Chunks whose every delivery has its outcome are over, where they are still ours.
UPDATE chunk c SET lease_until = NULL, finished_at = engine_now()
FROM unnest(:chunks::bigint[], :epochs::int[]) AS claim(chunk, epoch)
WHERE c.id = claim.chunk AND c.epoch = claim.epoch AND c.owner = :owner RETURNING c.id;

-- name: release(chunk)!
-- Give a chunk back: finished when nothing is left, else due again: at once, or a moment later where what all of it
-- follows is not settled yet, or after a while where people have stopped it.
UPDATE chunk c SET lease_until = NULL,
    finished_at = CASE WHEN waiting.n = 0 THEN engine_now() END,
    due = CASE WHEN waiting.stopped THEN engine_now() + interval '2 seconds'
               WHEN waiting.held THEN engine_now() + interval '0.3 seconds' ELSE c.due END
FROM (SELECT count(*) AS n, bool_and(stopped(b, h.halts)) AS stopped,
             bool_and(stopped(b, h.halts) OR EXISTS (SELECT FROM unnest(b.follows) AS before WHERE unsettled(before))) AS held
      FROM (SELECT halts_in_force() AS halts) AS h CROSS JOIN chunk k CROSS JOIN LATERAL (
          SELECT id, bundle FROM delivery WHERE id = k.only_delivery
          UNION ALL
          SELECT id, bundle FROM delivery WHERE chunk = k.id AND k.only_delivery IS NULL) AS d
      JOIN bundle b ON b.id = d.bundle
      WHERE k.id = :chunk AND NOT tried(d.id, k.number)) AS waiting
WHERE c.id = :chunk;

-- name: add_again(channel, lane, purpose, delivery, number, after, avoid)*!
INSERT INTO chunk (channel, lane, purpose, only_delivery, number, due, avoid)
VALUES (:channel, :lane, :purpose, :delivery, :number, engine_now() + :after::interval, :avoid)
ON CONFLICT (only_delivery, number) WHERE only_delivery IS NOT NULL DO NOTHING;

-- name: go_around(deliveries, gateways, purpose, channels, least)
-- What one gateway refused for good or did not deliver goes by another one, once, as long as nobody has answered.
INSERT INTO chunk (channel, lane, purpose, only_delivery, number, due, avoid)
SELECT d.channel, b.lane, :purpose, d.id, next_number(d.id), engine_now(), lost.gateway
FROM (SELECT DISTINCT * FROM unnest(:deliveries::bigint[], :gateways::text[]) AS pair(delivery, gateway)) AS lost
CROSS JOIN LATERAL (SELECT * FROM delivery WHERE id = lost.delivery LIMIT 1) AS d
CROSS JOIN LATERAL (SELECT * FROM bundle WHERE id = d.bundle LIMIT 1) AS b
WHERE d.channel = ANY(:channels::text[]) AND b.level >= :least::smallint AND b.not_after > engine_now()
  AND EXISTS (SELECT FROM obligation o WHERE o.bundle = b.id AND o.state = 'open')
  AND NOT EXISTS (SELECT FROM attempt a WHERE a.delivery = d.id AND a.gateway <> lost.gateway)
  AND NOT EXISTS (SELECT FROM chunk c WHERE c.only_delivery = d.id AND c.finished_at IS NULL)
ON CONFLICT DO NOTHING RETURNING only_delivery;

-- name: hold_bundles(bundles)!
-- Ways of one bundle that close at the same moment wait for each other: the last one sees that none is left.
SELECT FROM bundle WHERE id = ANY(:bundles::bigint[]) ORDER BY id FOR NO KEY UPDATE;

-- name: page_unreached(delivery, words)*!
-- A way to a person is closed: the duty room learns it when none of the bundle is open, used or still to be tried.
INSERT INTO task (district, kind, bundle, person, words)
SELECT b.district, 'unreached', b.id, b.person, :words
FROM bundle b WHERE b.id = :delivery::bigint & ~15::bigint
  AND NOT EXISTS (
      SELECT FROM delivery_state s WHERE s.bundle = b.id AND s.id BETWEEN b.id AND b.id + 15
      AND s.channel <> 'extra'
      AND (s.state IN ('queued', 'sending', 'accepted', 'delivered')
           OR EXISTS (SELECT FROM chunk c WHERE c.only_delivery = s.id AND c.finished_at IS NULL
                      AND NOT EXISTS (SELECT FROM delivery_event e WHERE e.delivery = s.id AND e.number = c.number))))
ON CONFLICT DO NOTHING;

-- name: retire_address(delivery, why)*!
UPDATE address a SET retired_at = engine_now(), why = :why
FROM delivery d JOIN bundle b ON b.id = d.bundle
WHERE d.id = :delivery AND a.district = b.district AND a.person = b.person AND a.channel = d.channel
  AND a.address = d.address AND a.channel = 'push' AND a.retired_at IS NULL;

-- name: first_intents(changes)
-- Seconds from the acceptance of the warning to this moment, for each change whose first text leaves now.
WITH noted AS (
    INSERT INTO first_intent (change) SELECT unnest(:changes::bigint[]) ON CONFLICT DO NOTHING RETURNING change, at
)
SELECT extract(epoch FROM noted.at - c.warned_at)::float8 AS seconds
FROM noted JOIN change c ON c.id = noted.change WHERE c.warned_at IS NOT NULL;
