-- name: audience(district, posts)
-- Who holds these posts now, the mobiles to prove, and who is answering an order at this moment.
SELECT d.person, p.name, array_agg(DISTINCT d.unit || '/' || d.post) AS posts,
       coalesce((SELECT array_agg('sms ' || a.address ORDER BY a.address) FROM address a WHERE a.district = d.district
                 AND a.person = d.person AND a.channel = 'sms' AND a.retired_at IS NULL), '{}') AS addresses,
       EXISTS (SELECT FROM obligation o JOIN order_version v ON v.id = o.version AND v.superseded_at IS NULL
               WHERE o.district = d.district AND o.person = d.person AND o.chased AND o.state IN ('open', 'reached')
                 AND v.not_after > engine_now()) AS busy
FROM on_duty(engine_now()) d JOIN person p ON p.district = d.district AND p.key = d.person
WHERE d.district = :district AND d.post = ANY (:posts::text[])
GROUP BY d.district, d.person, p.name ORDER BY d.person;

-- name: open(district, change, by, within, busy)^
INSERT INTO roll_call (district, change, by, at, closes_at, busy)
VALUES (:district, :change, :by, engine_now(), engine_now() + :within::interval, :busy::text[]) RETURNING id, at, closes_at;

-- name: latest(district)^
SELECT id, change, by, at, closes_at, closed_at, busy FROM roll_call WHERE district = :district ORDER BY id DESC LIMIT 1;

-- name: running(district, by, since)$
-- The roll-call that is still open, or that somebody has begun since a moment.
SELECT id FROM roll_call WHERE district = :district
  AND (closed_at IS NULL AND closes_at > engine_now() OR by = :by AND at >= :since::timestamptz) LIMIT 1;

-- name: over(district)^
-- A roll-call whose time is over, locked; null when there is none.
SELECT id, change, by, at, closes_at, closed_at, busy FROM roll_call
WHERE district = :district AND closed_at IS NULL AND closes_at <= engine_now()
ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: close(id)!
UPDATE roll_call SET closed_at = engine_now() WHERE id = :id;

-- name: results(change, at, closes_at)
-- Whoever has answered anything meanwhile, this or an order, is there. Invalid: no way is left that may have arrived.
SELECT b.person, p.name, b.posts,
       EXISTS (SELECT FROM bundle o JOIN answer a ON a.bundle = o.id WHERE o.district = b.district AND o.person = b.person
               AND a.at >= :at AND a.manner <> 'duty_room') AS answered,
       NOT EXISTS (SELECT FROM delivery d WHERE d.id BETWEEN b.id AND b.id + 15 AND NOT EXISTS (
                       SELECT FROM delivery_event e WHERE e.delivery = d.id AND e.what IN ('failed', 'undelivered')))
       OR EXISTS (SELECT FROM reply r WHERE r.bundle = b.id AND r.verdict = 'contact') AS invalid
FROM bundle b JOIN person p ON p.district = b.district AND p.key = b.person
WHERE b.change = :change AND b.purpose = 'rollcall' AND b.made_at <= :closes_at ORDER BY b.person;

-- name: tell(district, words)!
INSERT INTO task (district, kind, words) VALUES (:district, 'unclear', :words);

-- name: called_off(district, at)!
-- A task of a roll-call before this one says nothing any more.
UPDATE task SET closed_at = engine_now(), result = 'not_needed', by = 'warnengine'
WHERE district = :district AND kind = 'unclear' AND words LIKE '点名%' AND closed_at IS NULL AND since < :at;
