-- name: said(district, people, within)
-- When texts below orange left for these people lately.
SELECT p.key AS person, l.at FROM person p CROSS JOIN LATERAL texts_lately(p.district, p.key, :within::interval) AS l
WHERE p.district = :district AND p.key = ANY(:people::text[]) AND l.level <= 2;

-- name: held(district, people)
-- Texts to these people that wait, with what of them still counts. Their chunks are locked: what is given here does not
-- leave before the transaction ends. A text of which one channel is already on its way is not given. From the chunks
-- that wait, which are few; every further step is one look into an index.
WITH waiting AS MATERIALIZED (
    SELECT c.id, c.due FROM chunk c
    WHERE c.purpose = 'first' AND c.finished_at IS NULL AND c.owner IS NULL AND c.lane >= 2 AND c.due > (SELECT engine_now())
      AND EXISTS (SELECT FROM delivery d CROSS JOIN LATERAL (SELECT * FROM bundle WHERE id = d.bundle LIMIT 1) AS b
                  WHERE d.chunk = c.id AND b.district = :district AND b.person = ANY(:people::text[]))
    FOR UPDATE OF c SKIP LOCKED
), own AS MATERIALIZED (
    SELECT d.bundle AS id, min(w.due) AS until, count(*) AS n
    FROM waiting w CROSS JOIN LATERAL (SELECT * FROM delivery WHERE chunk = w.id OFFSET 0) AS d
    WHERE NOT tried(d.id, 1::smallint) GROUP BY d.bundle
)
SELECT b.id AS bundle, b.person, own.until, b.level, b.kind, b.not_after, b.follows, t.known,
       array(SELECT v.id FROM order_version v WHERE v.id = ANY (b.versions) AND v.superseded_at IS NULL ORDER BY v.id) AS versions,
       array(SELECT post FROM unnest(b.posts) AS post WHERE EXISTS (
                 SELECT FROM order_version v JOIN standing_order o ON o.id = v.standing_order
                 WHERE v.id = ANY (b.versions) AND v.superseded_at IS NULL AND o.unit = split_part(post, '/', 1))) AS posts
FROM own CROSS JOIN LATERAL (SELECT * FROM bundle WHERE id = own.id LIMIT 1) AS b
CROSS JOIN LATERAL (SELECT known FROM text WHERE id = b.text LIMIT 1) AS t
WHERE b.district = :district AND b.person = ANY(:people::text[]) AND b.purpose = 'order'
  AND own.n = (SELECT count(*) FROM delivery d WHERE d.id BETWEEN b.id AND b.id + 15 AND d.chunk <> 0)
ORDER BY b.id;

-- name: replace_held(bundles, why)!
-- What waited will not leave: whoever claims its chunks finds on record what became of it.
INSERT INTO delivery_event (delivery, number, what, gateway, detail)
SELECT d.id, 1, 'withdrawn', '', :why FROM unnest(:bundles::bigint[]) AS b(id)
CROSS JOIN LATERAL (SELECT id FROM delivery WHERE id BETWEEN b.id AND b.id + 15 OFFSET 0) AS d
WHERE NOT tried(d.id, 1::smallint);

-- name: waiting(most)
-- Texts that wait for their moment: held back because their reader got much before, or for a channel's turn.
SELECT c.due AS until, c.purpose = 'next' AS turn, d.channel, b.person, p.name, b.posts, b.level, t.short AS text, d.bundle
FROM chunk c
JOIN LATERAL (SELECT * FROM delivery WHERE chunk = c.id AND c.only_delivery IS NULL
              UNION ALL
              SELECT * FROM delivery WHERE id = c.only_delivery) AS d ON true
JOIN bundle b ON b.id = d.bundle JOIN text t ON t.id = b.text
JOIN person p ON p.district = b.district AND p.key = b.person
WHERE c.finished_at IS NULL AND c.purpose IN ('first', 'next') AND c.due > (SELECT engine_now()) AND b.lane >= 2
  AND NOT tried(d.id, 1::smallint) AND b.not_after > c.due
  AND EXISTS (SELECT FROM obligation o WHERE o.bundle = b.id AND o.state IN ('open', 'reached'))
  AND NOT EXISTS (SELECT FROM order_version v WHERE v.id = ANY (b.versions) AND v.superseded_at IS NOT NULL)
ORDER BY c.due, d.id LIMIT :most;
