-- name: known(versions, district, people)
-- What these people prefer, and every way by which something of an earlier version of these orders may have left for
-- them: whatever was refused or dropped before it left went no way.
WITH earlier AS MATERIALIZED (
    SELECT DISTINCT o.person, b.id
    FROM order_version v
    JOIN order_version w ON w.standing_order = v.standing_order AND w.version < v.version
    JOIN obligation o ON o.version = w.id AND o.person = ANY(:people::text[])
    JOIN bundle b ON b.district = o.district AND b.person = o.person AND b.change >= w.change
                 AND w.id = ANY (b.versions) AND b.approval IS NULL
    WHERE v.id = ANY(:versions::bigint[])
), used AS (
    SELECT DISTINCT e.person, d.channel || ' ' || d.address AS way
    FROM earlier e JOIN delivery d ON d.id BETWEEN e.id AND e.id + 15
    JOIN attempt a ON a.delivery = d.id AND a.delivery BETWEEN e.id AND e.id + 15
    WHERE NOT EXISTS (SELECT FROM delivery_event x WHERE x.delivery = a.delivery AND x.number = a.number
                      AND x.what IN ('withdrawn', 'expired', 'refused', 'failed'))
)
SELECT p.key AS person, p.prefers,
       coalesce((SELECT array_agg(u.way) FROM used u WHERE u.person = p.key), '{}') AS used
FROM person p WHERE p.district = :district AND p.key = ANY(:people::text[]);

-- name: wait_in_turn(channel, lane, delivery, after)*!
-- A way whose turn comes by time, unless it is brought forward.
INSERT INTO chunk (channel, lane, purpose, only_delivery, number, due)
VALUES (:channel, :lane, 'next', :delivery, 1, engine_now() + :after::interval);

-- name: behind_trouble()
-- Ways that wait where something went wrong on a way before them, each with the ways before it: how far each has come,
-- and whether it is being tried still.
SELECT c.only_delivery AS delivery, jsonb_agg(jsonb_build_array(s.state, EXISTS (
           SELECT FROM chunk k WHERE k.only_delivery = s.id AND k.finished_at IS NULL)) ORDER BY s.id) AS ahead
FROM chunk c
JOIN delivery_state s ON s.bundle = c.only_delivery & ~15::bigint
                     AND s.id BETWEEN c.only_delivery & ~15::bigint AND c.only_delivery - 1
WHERE c.purpose = 'next' AND c.finished_at IS NULL AND c.due > (SELECT engine_now())
  AND EXISTS (SELECT FROM delivery_event e WHERE e.delivery BETWEEN c.only_delivery & ~15::bigint AND c.only_delivery - 1
              AND e.what NOT IN ('accepted', 'delivered'))
GROUP BY c.only_delivery ORDER BY c.only_delivery;

-- name: bring_forward(deliveries)
-- Their turn has come.
UPDATE chunk SET due = engine_now()
WHERE only_delivery = ANY(:deliveries::bigint[]) AND purpose = 'next' AND finished_at IS NULL AND due > engine_now()
RETURNING only_delivery;
