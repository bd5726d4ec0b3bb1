-- name: known(versions, district, people)
-- What these people prefer, and every way by which something of an earlier version of these orders may have left for
-- them: whatever was refused or dropped before it left went no way.
WITH people AS MATERIALIZED (
    SELECT DISTINCT unnest(:people::text[]) AS key
), owed AS MATERIALIZED (
    -- by version, not by person: the planner must not be led to read all obligations for each version
    SELECT DISTINCT w.id, w.change, o.district, o.person
    FROM order_version v JOIN order_version w ON w.standing_order = v.standing_order AND w.version < v.version
    CROSS JOIN LATERAL (SELECT district, person FROM obligation WHERE version = w.id OFFSET 0) AS o
    JOIN people ON people.key = o.person
    WHERE v.id = ANY(:versions::bigint[])
), earlier AS MATERIALIZED (
    SELECT DISTINCT o.person, b.id FROM owed o
    CROSS JOIN LATERAL (SELECT id FROM bundle
                        WHERE district = o.district AND person = o.person AND change >= o.change
                          AND o.id = ANY (versions) AND approval IS NULL OFFSET 0) AS b
), used AS (
    SELECT e.person, array_agg(DISTINCT d.channel || ' ' || d.address) AS ways
    FROM earlier e
    CROSS JOIN LATERAL (SELECT * FROM delivery WHERE id BETWEEN e.id AND e.id + 15 OFFSET 0) AS d
    CROSS JOIN LATERAL (SELECT number FROM attempt WHERE delivery = d.id OFFSET 0) AS a
    WHERE NOT EXISTS (SELECT FROM delivery_event x WHERE x.delivery = d.id AND x.number = a.number
                      AND x.what IN ('withdrawn', 'expired', 'refused', 'failed'))
    GROUP BY e.person
)
SELECT p.key AS person, p.prefers, coalesce(u.ways, '{}') AS used,
       coalesce((SELECT array_agg(a.channel || ' ' || a.address ORDER BY a.rank) FROM address a
                 WHERE a.district = p.district AND a.person = p.key AND a.retired_at IS NULL), '{}') AS listed
FROM person p LEFT JOIN used u ON u.person = p.key
WHERE p.district = :district AND p.key = ANY(:people::text[]);

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
