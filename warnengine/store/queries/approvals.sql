-- name: add_approval(district, change, level, sha256, ceiling, within)$
INSERT INTO approval (district, change, level, sha256, ceiling, asked_at, due)
VALUES (:district, :change, :level, :sha256, :ceiling, engine_now(), engine_now() + :within::interval) RETURNING id;

-- name: add_item(approval, standing_order, measure, words)*!
INSERT INTO approval_item (approval, standing_order, measure, words)
VALUES (:approval, :standing_order, :measure, :words);

-- name: void_items(standing_order, still)!
-- The measure no longer stands: a later upgrade asks anew.
UPDATE approval_item SET voided_at = engine_now()
WHERE standing_order = :standing_order AND voided_at IS NULL AND measure <> ALL(:still::text[]);

-- name: void_empty(district)!
-- Nobody needs to decide any more.
WITH voided AS (
UPDATE approval a SET decided_at = engine_now(), decision = 'void', by = 'engine', applied_at = engine_now()
WHERE district = :district AND decided_at IS NULL AND kind <> 'countersign'
  AND NOT EXISTS (SELECT FROM approval_item i WHERE i.approval = a.id AND i.voided_at IS NULL)
RETURNING a.*)
SELECT audit_append('approval', jsonb_build_object('id', id, 'district', district, 'sha256', encode(sha256, 'hex'),
                                                   'decision', decision, 'by', by)) FROM voided;

-- name: doubt()!
-- A decision of which the chain says something else is not carried out: people must find out.
INSERT INTO task (district, kind, words)
SELECT district, 'decide', '第' || id || '号请示的批复与留痕不一致,不予执行:请向审批领导核实' FROM doubted_decision ORDER BY id
ON CONFLICT DO NOTHING;

-- name: requests(pending)
-- Requests that wait, or that are decided, with what they ask for and who holds the post that is asked now.
SELECT a.id, a.change, a.district, a.level, a.asked_at, a.due, a.rung, encode(a.sha256, 'hex') AS sha256, a.ceiling,
       a.decided_at, a.decision, a.by, a.words AS comment, a.kind, a.manner, a.recorded_by, a.called_at, a.of, a.asks,
       (SELECT c.decided_at FROM approval c WHERE c.of = a.id) AS countersigned_at,
       (SELECT max(v.book) FROM order_version v WHERE v.change = a.change) AS rule_version,
       jsonb_agg(jsonb_build_object('unit', o.unit, 'measure', i.measure, 'order', i.words) ORDER BY o.unit, i.measure)
           AS measures
FROM approval a JOIN approval_item i ON i.approval = coalesce(a.of, a.id) JOIN standing_order o ON o.id = i.standing_order
WHERE (a.decided_at IS NULL) = :pending AND (a.decided_at IS NOT NULL OR i.voided_at IS NULL OR a.of IS NOT NULL)
GROUP BY a.id ORDER BY a.id;

-- name: decide(approval, decision, by, words)^
-- One decision counts; null where there already is one.
UPDATE approval SET decided_at = engine_now(), decision = :decision, by = :by, words = :words
WHERE id = :approval AND decided_at IS NULL AND kind <> 'countersign'
RETURNING id, kind, district, level, encode(sha256, 'hex') AS sha256,
    (SELECT jsonb_agg(jsonb_build_object('order', i.standing_order, 'measure', i.measure, 'words', i.words))
     FROM approval_item i WHERE i.approval = approval.id AND i.voided_at IS NULL) AS items;

-- name: too_many(approval)$
-- How many people the orders of a request would go to, where that passes its ceiling.
SELECT sums.people FROM approval a CROSS JOIN LATERAL (
    SELECT count(DISTINCT d.person) AS people
    FROM approval_item i JOIN standing_order o ON o.id = i.standing_order
    JOIN order_version v ON v.standing_order = o.id AND v.superseded_at IS NULL
    JOIN on_duty(engine_now()) d ON d.district = o.district AND d.unit = o.unit AND d.post = ANY (v.posts)
    WHERE i.approval = a.id AND i.voided_at IS NULL) sums
WHERE a.id = :approval AND sums.people > a.ceiling;

-- name: one(approval)^
SELECT a.*, encode(a.sha256, 'hex') AS seal, engine_now() AS now FROM approval a WHERE id = :approval;

-- name: hold(approval)^
SELECT a.*, encode(a.sha256, 'hex') AS seal, engine_now() AS now FROM approval a WHERE id = :approval FOR UPDATE;

-- name: person(district, key)^
SELECT key, name FROM person WHERE district = :district AND key = :key;

-- name: by_telephone(approval, recorded_by, called_at)!
UPDATE approval SET manner = 'telephone', recorded_by = :recorded_by, called_at = :called_at WHERE id = :approval;

-- name: ask_countersign(approval, person)$
INSERT INTO approval (district, change, level, sha256, ceiling, asked_at, due, kind, of, asks)
SELECT district, change, level, sha256, ceiling, engine_now(), engine_now(), 'countersign', id, :person
FROM approval WHERE id = :approval RETURNING id;

-- name: countersign(bundle, manner)^
-- Who decided by telephone says so again; the first time counts.
UPDATE approval a SET decided_at = engine_now(), decision = 'yes', by = p.name, manner = :manner, applied_at = engine_now()
FROM bundle b JOIN person p ON p.district = b.district AND p.key = b.person
WHERE b.id = :bundle AND a.id = b.approval AND a.kind = 'countersign' AND a.asks = b.person AND a.decided_at IS NULL
RETURNING a.id, a.district, a.of, encode(a.sha256, 'hex') AS sha256, a.decision, a.by, b.person;

-- name: call(approval)^
SELECT o.id AS approval, c.asks AS person, o.decision, o.called_at AS at, o.words, o.recorded_by
FROM approval c JOIN approval o ON o.id = c.of WHERE c.id = :approval;

-- name: overdue()^
-- A request whose authority has let its time pass, locked; nobody is asked about what has ended.
SELECT id, district, change, level, rung, kind, of, due, engine_now() AS now FROM approval
WHERE decided_at IS NULL AND due <= engine_now() AND id IN (SELECT id FROM askable)
ORDER BY due LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: taken_over(levels, rungs, units, posts)^
-- A request that waits, where somebody has come on duty in the post that is asked and was not asked, locked. The posts
-- are those that the rules ask, by level and place in the line.
SELECT a.id, a.district, a.change, a.level, a.rung, a.kind, a.of, a.due, engine_now() AS now
FROM approval a JOIN unnest(:levels::int[], :rungs::int[], :units::text[], :posts::text[]) AS asked (level, rung, unit, post)
  ON asked.level = a.level AND asked.rung = a.rung
WHERE a.decided_at IS NULL AND a.kind <> 'countersign' AND a.id IN (SELECT id FROM askable)
  AND EXISTS (SELECT FROM on_duty(engine_now()) d
              WHERE d.district = a.district AND d.unit = asked.unit AND d.post = asked.post
                AND NOT EXISTS (SELECT FROM bundle b WHERE b.district = d.district AND b.person = d.person
                                AND b.change = a.change AND b.approval = a.id))
ORDER BY a.id LIMIT 1 FOR UPDATE OF a SKIP LOCKED;

-- name: asked(approval, change, district, people)
-- Who of these has the request already.
SELECT DISTINCT person FROM bundle
WHERE district = :district AND person = ANY(:people::text[]) AND change = :change AND approval = :approval;

-- name: next_rung(approval, rung, within)!
UPDATE approval SET rung = :rung, due = engine_now() + :within::interval WHERE id = :approval;

-- name: holders(district, unit, post)
SELECT d.person, p.name,
       coalesce((SELECT array_agg(w.channel || ' ' || w.address ORDER BY w.channel DESC) FROM way w
                 WHERE w.district = d.district AND w.person = d.person), '{}') AS addresses
FROM on_duty(engine_now()) d JOIN person p ON p.district = d.district AND p.key = d.person
WHERE d.district = :district AND d.unit = :unit AND d.post = :post;

-- name: concerned(approval, all)
-- The versions that wait for this decision, and the measures in words.
SELECT v.id, i.words, v.not_after FROM approval_item i JOIN order_version v
  ON v.standing_order = i.standing_order AND v.superseded_at IS NULL
WHERE i.approval = :approval AND (i.voided_at IS NULL OR :all::boolean) ORDER BY v.id, i.measure;
