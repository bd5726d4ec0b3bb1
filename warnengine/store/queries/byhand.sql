-- name: draft(root, district, units, words, deadline, level, not_after, why, author)$
INSERT INTO manual_order (root, district, units, words, deadline, level, not_after, why, author)
VALUES (coalesce(:root::bigint, currval(pg_get_serial_sequence('manual_order', 'id'))), :district, :units::text[], :words,
        :deadline, :level, :not_after, :why, :author) RETURNING id;

-- name: edit(id, units, words, deadline, level, not_after, why, author)!
UPDATE manual_order SET units = :units::text[], words = :words, deadline = :deadline, level = :level, not_after = :not_after,
    why = :why, author = :author WHERE id = :id;

-- name: manual(id)^
SELECT m.*, engine_now() AS now FROM manual_order m WHERE id = :id;

-- name: hold_manual(id)^
SELECT m.*, engine_now() AS now FROM manual_order m WHERE id = :id FOR UPDATE;

-- name: manuals(most)
SELECT m.*, (SELECT jsonb_agg(jsonb_build_object('by', a.by, 'at', a.at) ORDER BY a.at) FROM manual_approval a
             WHERE a.manual = m.id) AS approvals
FROM manual_order m ORDER BY id DESC LIMIT :most;

-- name: replaced(root)$
-- The order that a correction takes the place of is not what stands any more.
UPDATE manual_order SET ended_at = engine_now() WHERE root = :root AND sent_at IS NOT NULL AND ended_at IS NULL RETURNING id;

-- name: sent(id, by, break_glass, sha256)!
UPDATE manual_order SET sent_at = engine_now(), sent_by = :by::text[], break_glass = :break_glass, sha256 = :sha256
WHERE id = :id;

-- name: ended(root, unit)!
-- One unit's part of an order by hand is over; with the last one, the order.
UPDATE manual_order SET units = CASE WHEN cardinality(units) > 1 THEN array_remove(units, :unit::text) ELSE units END,
    ended_at = CASE WHEN cardinality(units) = 1 THEN engine_now() END
WHERE root = :root AND sent_at IS NOT NULL AND ended_at IS NULL AND :unit::text = ANY (units);

-- name: discarded(id)!
UPDATE manual_order SET ended_at = engine_now() WHERE id = :id;

-- name: approve(manual, sha256, by, role)!
INSERT INTO manual_approval (manual, sha256, by, role) VALUES (:manual, :sha256, :by, :role) ON CONFLICT DO NOTHING;

-- name: approvals(manual, sha256)
SELECT by, role FROM manual_approval WHERE manual = :manual AND sha256 = :sha256 ORDER BY at;

-- name: standing_by_hand(district)
SELECT id, root, units, words, deadline, level, not_after FROM manual_order
WHERE district = :district AND sent_at IS NOT NULL AND ended_at IS NULL ORDER BY id;

-- name: withdrawn(district)
-- The newest of each order; after a month the messages behind it are forgotten.
SELECT DISTINCT ON (o.unit, o.hazard, o.family) o.unit, o.hazard, o.family, w.standing_order, w.words, w.seen
FROM withdrawal w JOIN standing_order o ON o.id = w.standing_order
WHERE w.district = :district AND w.at > (SELECT engine_now() - interval '30 days')
ORDER BY o.unit, o.hazard, o.family, o.id DESC;

-- name: withdraw(standing_order, words, why, by)$
INSERT INTO withdrawal (standing_order, district, words, seen, why, by)
SELECT o.id, o.district, :words, ARRAY(SELECT DISTINCT s FROM order_version w, unnest(w.because) AS s WHERE w.standing_order = o.id),
       :why, :by
FROM standing_order o WHERE o.id = :standing_order AND o.lapsed_at IS NULL
ON CONFLICT DO NOTHING RETURNING standing_order;

-- name: hold_order(id)^
SELECT o.*, v.id AS version FROM standing_order o
JOIN LATERAL (SELECT id FROM order_version WHERE standing_order = o.id ORDER BY version DESC LIMIT 1) v ON true
WHERE o.id = :id FOR UPDATE OF o;

-- name: of_root(district, family)
-- What stands of an order by hand.
SELECT o.id, o.unit, v.id AS version FROM standing_order o
JOIN order_version v ON v.standing_order = o.id AND v.superseded_at IS NULL
WHERE o.district = :district AND o.family = :family AND o.lapsed_at IS NULL ORDER BY o.id;

-- name: loads(change)
-- How many people each order of a change goes to, and how many its unit's orders of that level have had before.
SELECT v.id, v.standing_order,
       CASE WHEN v.kind = 'lapse' THEN (SELECT count(*) FROM obligation ob WHERE ob.version = v.id)
            ELSE (SELECT count(DISTINCT d.person) FROM on_duty(engine_now()) d
                  WHERE d.district = o.district AND d.unit = o.unit AND d.post = ANY (v.posts)) END AS people,
       (SELECT CASE WHEN count(*) >= 3 THEN percentile_cont(0.5) WITHIN GROUP (ORDER BY past.people) END
        FROM (SELECT (SELECT count(*) FROM obligation ob WHERE ob.version = w.id AND ob.chased) AS people
              FROM order_version w JOIN standing_order p ON p.id = w.standing_order
              WHERE p.district = o.district AND p.unit = o.unit AND w.level = v.level AND w.kind IN ('issue', 'update')
                AND w.change < v.change
              ORDER BY w.id DESC LIMIT 20) AS past WHERE past.people > 0) AS usual
FROM order_version v JOIN standing_order o ON o.id = v.standing_order WHERE v.change = :change ORDER BY v.id;

-- name: lately(change)
-- How many orders of each level the district made within the last minute, without those of a change.
SELECT coalesce(v.level, v.before) AS level, count(*) AS made FROM order_version v JOIN change c ON c.id = v.change JOIN change this ON this.id = :change
WHERE c.district = this.district AND v.made_at > this.made_at - interval '1 minute' AND v.change <> this.id AND v.kind <> 'lapse'
GROUP BY 1;

-- name: readers(change, orders)
-- Whom a change tells of these orders: people, their texts, and by which channels.
SELECT t.short, count(DISTINCT b.person) AS people, count(DISTINCT b.person) FILTER (WHERE d.id IS NULL) AS without,
       array_agg(DISTINCT b.person) AS who, array_remove(array_agg(d.channel), NULL) AS channels
FROM bundle b JOIN text t ON t.id = b.text LEFT JOIN delivery d ON d.id BETWEEN b.id AND b.id + 15
WHERE b.change = :change AND b.purpose = 'order' AND b.versions && ARRAY(
    SELECT v.id FROM order_version v WHERE v.change = :change AND v.standing_order = ANY (:orders::bigint[]))
GROUP BY t.id, t.short ORDER BY people DESC, t.short;

-- name: ask_afterwards(district, change, level, sha256, ceiling, author)$
INSERT INTO approval (district, change, level, sha256, ceiling, asked_at, due, kind, author)
VALUES (:district, :change, :level, decode(:sha256, 'hex'), :ceiling, engine_now(), engine_now(), 'after', :author) RETURNING id;
