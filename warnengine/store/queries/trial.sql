-- name: digest_facts(change, person)^
-- A change in figures: whom it would have been sent to.
SELECT c.district, v.first AS version, v.level, greatest(v.not_after, engine_now() + interval '1 hour') AS not_after,
       EXISTS (SELECT FROM bundle b WHERE b.change = c.id AND b.person = :person) AS told,
       (SELECT count(*) FROM bundle b WHERE b.change = c.id AND b.purpose = 'order')::int AS people,
       (SELECT count(*) FROM bundle b WHERE b.change = c.id AND b.purpose = 'order'
        AND NOT EXISTS (SELECT FROM delivery d WHERE d.id BETWEEN b.id AND b.id + 15))::int AS nowhere,
       (SELECT count(*) FROM approval a JOIN approval_item i ON i.approval = a.id AND i.voided_at IS NULL
        WHERE a.change = c.id AND a.decided_at IS NULL)::int AS waiting
FROM change c
CROSS JOIN LATERAL (SELECT min(id) AS first, max(coalesce(level, before)) AS level, max(not_after) AS not_after
                    FROM order_version WHERE change = c.id) v
WHERE c.id = :change;

-- name: digest_ways(change)
SELECT d.channel, count(*)::int AS n FROM bundle b JOIN delivery d ON d.id BETWEEN b.id AND b.id + 15
WHERE b.change = :change AND b.purpose = 'order' GROUP BY d.channel ORDER BY d.channel DESC;

-- name: digest_texts(change)
-- Each text with those who would have got it, the gravest first.
SELECT t.short, max(b.level) AS level, count(*)::int AS people,
       array_agg(p.name || coalesce('(' || ways.channels || ')', '(无可用方式)') ORDER BY b.person) AS readers
FROM bundle b JOIN text t ON t.id = b.text JOIN person p ON p.district = b.district AND p.key = b.person
CROSS JOIN LATERAL (SELECT string_agg(DISTINCT d.channel, '、') AS channels FROM delivery d
                    WHERE d.id BETWEEN b.id AND b.id + 15) ways
WHERE b.change = :change AND b.purpose = 'order' GROUP BY t.id ORDER BY level DESC, people DESC, t.id;

-- name: add_obligation(version, district, person, bundle)!
-- Nobody is chased about a digest; open, it is tried again until a gateway takes it.
INSERT INTO obligation (version, district, person, bundle, chased, counts)
VALUES (:version, :district, :person, :bundle, false, false);

-- name: kind()$
SELECT kind FROM installation FOR UPDATE;

-- name: person(district, who)
-- Whom a name or a key means, among those who hold a post now.
SELECT DISTINCT p.key, p.name FROM person p JOIN on_duty(engine_now()) d ON d.district = p.district AND d.person = p.key
WHERE p.district = :district AND (p.key = :who OR p.name = :who);

-- name: standing(district)
-- What stands in the trial, and how many people it would go to.
SELECT o.unit, o.hazard, v.id AS version, v.level,
       (SELECT count(DISTINCT d.person) FROM on_duty(engine_now()) d
        WHERE d.district = o.district AND d.unit = o.unit AND d.post = ANY (v.posts))::int AS people
FROM standing_order o JOIN order_version v ON v.standing_order = o.id AND v.superseded_at IS NULL
WHERE o.district = :district AND o.lapsed_at IS NULL ORDER BY v.level DESC, o.unit, o.hazard;

-- name: ask(district, asked_by, send_anew, preview, sha256)$
INSERT INTO going_live (district, asked_by, send_anew, preview, sha256)
VALUES (:district, :asked_by, :send_anew, :preview, :sha256) RETURNING id;

-- name: asked(id)^
SELECT id, district, asked_by, send_anew, sha256, confirmed_at IS NOT NULL AS confirmed,
       asked_at < engine_now() - interval '1 hour' AS old
FROM going_live WHERE id = :id FOR UPDATE;

-- name: confirm(id, confirmed_by)!
UPDATE going_live SET confirmed_by = :confirmed_by, confirmed_at = engine_now() WHERE id = :id;

-- name: hold_district(district)!
SELECT FROM district WHERE code = :district FOR UPDATE;

-- name: end_sends()!
UPDATE chunk SET finished_at = engine_now(), lease_until = NULL, epoch = epoch + 1 WHERE finished_at IS NULL;

-- name: end_timers()!
WITH over AS (UPDATE schedule SET brought_at = engine_now() WHERE brought_at IS NULL)
UPDATE timer SET fired_at = engine_now(), outcome = '试运行结束' WHERE fired_at IS NULL;

-- name: end_tasks()!
UPDATE task SET closed_at = engine_now(), result = 'done', by = '试运行结束' WHERE closed_at IS NULL;

-- name: end_requests()!
UPDATE approval_item SET voided_at = engine_now() WHERE voided_at IS NULL;

-- name: end_obligations()!
UPDATE obligation SET state = 'lapsed', closed_at = engine_now() WHERE state IN ('open', 'reached', 'acked', 'acting');

-- name: end_versions()!
UPDATE order_version SET superseded_at = engine_now() WHERE superseded_at IS NULL;

-- name: end_orders()!
UPDATE standing_order SET lapsed_at = engine_now() WHERE lapsed_at IS NULL;

-- name: end_changes()!
UPDATE change SET expanded_at = engine_now() WHERE expanded_at IS NULL;

-- name: judge_bundles()!
UPDATE bundle SET judged_at = engine_now() WHERE judged_at IS NULL;

-- name: forget_situation()!
DELETE FROM cell;

-- name: take_in_nothing()!
UPDATE district_warning SET applied_at = engine_now() WHERE applied_at IS NULL;

-- name: take_in_anew()!
-- What came in lately is read again: the fold gives the situation that is in force, and its orders are issued.
UPDATE district_warning w SET applied_at = NULL FROM arrival a
WHERE a.id = w.arrival AND a.received_at > engine_now() - interval '30 days';

-- name: end_events()!
UPDATE outbox SET sent_at = engine_now() WHERE sent_at IS NULL;

-- name: now_live()!
UPDATE installation SET kind = 'live';
