-- name: draft(district, verb, hazard, family, levels, until, names, of, lightens, presided, took_part, why, author)$
-- Keep a draft; the same one by the same author, as long as it waits, is one draft.
WITH same AS (
    SELECT id FROM consultation
    WHERE district = :district AND verb = :verb AND hazard = :hazard AND family = :family AND levels = :levels
      AND names = :names::text[] AND presided = :presided AND took_part = :took_part AND why = :why AND author = :author
      AND until IS NOT DISTINCT FROM :until AND of IS NOT DISTINCT FROM :of AND said_at IS NULL AND dropped_at IS NULL
), made AS (
    INSERT INTO consultation (district, verb, hazard, family, levels, until, names, of, lightens, presided, took_part, why, author)
    SELECT :district, :verb, :hazard, :family, :levels, :until, :names::text[], :of, :lightens, :presided, :took_part, :why, :author
    WHERE NOT EXISTS (SELECT FROM same) RETURNING id
)
SELECT id FROM made UNION ALL SELECT id FROM same LIMIT 1;

-- name: one(id)^
-- A conclusion with what became of it.
SELECT c.*, w.id AS withdrawn_by, o.verb AS of_verb, engine_now() AS now FROM consultation c
LEFT JOIN consultation w ON w.of = c.id AND w.said_at IS NOT NULL
LEFT JOIN consultation o ON o.id = c.of WHERE c.id = :id;

-- name: hold(id)^
SELECT id FROM consultation WHERE id = :id FOR UPDATE;

-- name: all_of(district, most)
-- Conclusions and drafts, newest first.
SELECT c.*, w.id AS withdrawn_by, o.verb AS of_verb, engine_now() AS now FROM consultation c
LEFT JOIN consultation w ON w.of = c.id AND w.said_at IS NOT NULL
LEFT JOIN consultation o ON o.id = c.of
WHERE c.district = :district ORDER BY c.id DESC LIMIT :most;

-- name: say(id, by)!
UPDATE consultation SET said_at = engine_now(), said_by = :by::text[] WHERE id = :id;

-- name: drop(id)!
UPDATE consultation SET dropped_at = engine_now() WHERE id = :id;
