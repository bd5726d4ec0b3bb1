-- name: in_force(district)^
-- The publication that counts; null where none does yet.
SELECT p.id, p.hash, p.by, p.approved_by, p.since, p.why
FROM district d JOIN publication p ON p.id = d.publication WHERE d.code = :district;

-- name: districts_with_a_book()
SELECT code FROM district WHERE publication IS NOT NULL ORDER BY code;

-- name: files(hash)$
SELECT files FROM rule_book WHERE hash = :hash;

-- name: submit(district, hash, by, why)$
-- A submission; null where this book waits for its approval already.
INSERT INTO publication (district, hash, by, why) VALUES (:district, :hash, :by, :why)
ON CONFLICT (district, hash) WHERE since IS NULL AND ended_at IS NULL DO NOTHING RETURNING id;

-- name: approve(id, by)$
UPDATE publication SET approved_by = :by, since = engine_now() WHERE id = :id RETURNING since;

-- name: counts(district, id)!
UPDATE district SET publication = :id WHERE code = :district;

-- name: end(id, by)!
UPDATE publication SET ended_by = :by, ended_at = engine_now() WHERE id = :id;

-- name: named(district, short)
-- Publications of the books whose hash begins so, newest first.
SELECT p.*, p.id = d.publication AS counts FROM publication p JOIN district d ON d.code = p.district
WHERE p.district = :district AND starts_with(p.hash, :short) ORDER BY p.id DESC;

-- name: hold(id)^
SELECT * FROM publication WHERE id = :id FOR UPDATE;

-- name: versions(district)
-- Every publication, newest first; of what was in force, until when; and how many orders stand by its book.
SELECT p.*, p.id = d.publication AS counts,
       (SELECT count(*) FROM standing_order o JOIN order_version v ON v.standing_order = o.id AND v.superseded_at IS NULL
        WHERE o.district = p.district AND o.lapsed_at IS NULL AND v.book = p.hash)::int AS standing,
       (SELECT min(n.since) FROM publication n WHERE n.district = p.district AND n.since > p.since) AS until
FROM publication p JOIN district d ON d.code = p.district WHERE p.district = :district ORDER BY p.id DESC LIMIT 500;

-- name: people(district, units)$
-- How many people hold a post of these units now.
SELECT count(DISTINCT person)::int FROM on_duty(engine_now()) WHERE district = :district AND unit = ANY(:units::text[]);

-- name: pending(district)
-- Requests that an authority has not decided, with what they ask for.
SELECT a.id, a.level, greatest(a.rung, 0) AS rung, o.unit, i.measure, i.words
FROM approval a JOIN approval_item i ON i.approval = a.id AND i.voided_at IS NULL
JOIN standing_order o ON o.id = i.standing_order AND o.lapsed_at IS NULL
WHERE a.district = :district AND a.decided_at IS NULL AND a.kind = 'before' ORDER BY a.id, o.unit, i.measure;

-- name: deferred(district)
SELECT unit, hazard, family, book, level, reach FROM deferred_order WHERE district = :district;

-- name: defer(district, unit, hazard, family, book, level, reach)*!
INSERT INTO deferred_order (district, unit, hazard, family, book, level, reach)
VALUES (:district, :unit, :hazard, :family, :book, :level, :reach);

-- name: defer_nothing(district)!
DELETE FROM deferred_order WHERE district = :district;

-- name: undefer(district, unit, hazard, family)*!
DELETE FROM deferred_order WHERE district = :district AND unit = :unit AND hazard = :hazard AND family = :family;

-- name: begun_with(change, book)!
-- The rest of this change's people is told by this book, whichever is in force by then.
UPDATE change SET book = :book WHERE id = :change;
