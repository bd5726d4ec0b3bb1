-- name: newest(district)$
SELECT coalesce(max(id), 0) FROM change WHERE district = :district;

-- name: made(district, after)
-- Order versions of the changes since.
SELECT v.id, v.change FROM order_version v JOIN change c ON c.id = v.change
WHERE c.district = :district AND c.id > :after ORDER BY v.id;

-- name: told(district, after)
-- What the expander has written for people since, each with the channels in the order of their use.
SELECT b.id AS bundle, b.change, b.person, p.name, b.kind, b.versions, b.posts, t.short AS text,
       array(SELECT d.channel FROM delivery d WHERE d.id BETWEEN b.id AND b.id + 15 ORDER BY d.id) AS channels
FROM bundle b JOIN text t ON t.id = b.text JOIN person p ON p.district = b.district AND p.key = b.person
WHERE b.district = :district AND b.change > :after AND b.purpose = 'order' ORDER BY b.id;

-- name: left_by(district)
-- Attempts by channel of every bundle of which a text has left.
SELECT b.id AS bundle, b.change, b.person, d.channel, count(*) AS attempts
FROM attempt a JOIN delivery d ON d.id = a.delivery JOIN bundle b ON b.id = d.bundle
WHERE b.district = :district GROUP BY b.id, b.change, b.person, d.channel ORDER BY b.id, d.channel;

-- name: next_due(until)^
-- The next moment at which a text may leave, and by which channels.
SELECT min(due) AS at, array_agg(DISTINCT channel) AS channels FROM chunk
WHERE finished_at IS NULL AND due = (SELECT min(due) FROM chunk WHERE finished_at IS NULL) AND due <= :until;

-- name: next_turn(district, until)$
SELECT min(at) FROM situation_turn WHERE district = :district AND at <= :until;

-- name: questions(district)
-- What the duty room is asked to judge.
SELECT words FROM task WHERE district = :district AND kind = 'question' ORDER BY id;

-- name: on_duty_at(district, moment)
SELECT district, unit, post, person, deputy, superior FROM on_duty(:moment) WHERE district = :district
ORDER BY unit, post, person;

-- name: people(district)
SELECT district, key, name, prefers FROM person WHERE district = :district ORDER BY key;

-- name: ways(district)
SELECT w.district, w.person, w.channel, w.address, a.rank
FROM way w JOIN address a USING (district, person, channel, address)
WHERE w.district = :district ORDER BY w.person, w.channel, a.rank, w.address;
