-- name: bring_due()!
-- A timer for every bundle of each schedule that has a step due now, unless somebody has hurried it already.
WITH due AS (
    SELECT id, step FROM schedule WHERE brought_at IS NULL AND due <= (SELECT engine_now())
    ORDER BY due, id, step FOR UPDATE SKIP LOCKED
), brought AS (
    UPDATE schedule s SET brought_at = engine_now() FROM due WHERE s.id = due.id AND s.step = due.step RETURNING s.*
)
INSERT INTO timer (bundle, step, act, due)
SELECT b.id, s.step, s.act, s.due FROM brought s JOIN bundle b ON b.schedule = s.id ON CONFLICT DO NOTHING;

-- name: due_timers(most)
-- Timers that have run out, locked, with what they are about.
SELECT t.bundle, t.step, t.act, coalesce(t.first_due, t.due) AS due,
       EXISTS (SELECT FROM every_timer n WHERE n.bundle = t.bundle AND n.fired_at IS NULL AND n.due > t.due
               AND n.act NOT IN ('finish', 'unfinished', 'shared')) AS more,
       CASE WHEN t.act IN ('again', 'finish') THEN coalesce(
           (SELECT jsonb_agg(to_jsonb(l)) FROM texts_lately(b.district, b.person, interval '1 hour') AS l), '[]') ELSE '[]' END AS lately,
       b.district, b.person, b.change, b.level, b.kind, b.versions, b.posts,
       b.not_after, p.name, engine_now() AS now,
       coalesce((SELECT jsonb_agg(jsonb_build_object('level', coalesce(v.level, v.before), 'proof', proof_of(o), 'called', n.called,
                                                     'answered', n.answered))
                 FROM obligation o JOIN order_version v ON v.id = o.version CROSS JOIN LATERAL (
                     SELECT count(*) AS called, count(*) FILTER (WHERE c.acked_at IS NOT NULL) AS answered
                     FROM obligation c WHERE c.version = o.version AND c.chased) AS n
                 WHERE o.bundle = b.id AND o.chased AND o.state IN ('open', 'reached')), '[]') AS waiting,
       coalesce((SELECT jsonb_agg(jsonb_build_array(w.version, w.person) ORDER BY w.version) FROM owing w WHERE w.bundle = b.id), '[]')
           AS owing,
       EXISTS (SELECT FROM order_version v WHERE v.id = ANY (b.versions) AND v.superseded_at IS NOT NULL) AS stale,
       NOT EXISTS (SELECT FROM on_duty(engine_now()) d WHERE d.district = b.district AND d.person = b.person
                   AND d.unit || '/' || d.post = ANY (b.posts)) AS off_duty,
       coalesce((SELECT array_agg(DISTINCT d.deputy) FROM on_duty(engine_now()) d
                 WHERE d.district = b.district AND d.person = b.person AND d.deputy IS NOT NULL
                   AND d.unit || '/' || d.post = ANY (b.posts)), '{}') AS deputies,
       coalesce((SELECT array_agg(DISTINCT d.superior) FROM on_duty(engine_now()) d
                 WHERE d.district = b.district AND d.person = b.person AND d.superior IS NOT NULL
                   AND d.unit || '/' || d.post = ANY (b.posts)), '{}') AS superiors
FROM timer t JOIN bundle b ON b.id = t.bundle JOIN person p ON p.district = b.district AND p.key = b.person
WHERE t.fired_at IS NULL AND t.due <= (SELECT engine_now())
ORDER BY b.lane, t.due, t.bundle, t.step LIMIT :most FOR UPDATE OF t SKIP LOCKED;

-- name: alone()$
-- Whether no other engine climbs now: what runs out at once is one message to a person. The lock ends with the
-- transaction, which ends with its connection or after standing still for some seconds.
SELECT set_config('idle_in_transaction_session_timeout', '10s', true) <> '' AND pg_try_advisory_xact_lock(lock_of(7074));

-- name: ended()
-- Dangers whose orders all stand beyond their end, and of whose end no task has told.
SELECT o.district, o.hazard, o.family, max(v.level) AS level, max(coalesce(o.until, v.not_after)) AS over,
       array_agg(DISTINCT b) FILTER (WHERE b IS NOT NULL) AS because FROM standing_order o
JOIN order_version v ON v.standing_order = o.id AND v.superseded_at IS NULL
LEFT JOIN unnest(v.because) AS b ON true
WHERE o.lapsed_at IS NULL AND o.district <> canary() GROUP BY o.district, o.hazard, o.family
HAVING max(coalesce(o.until, v.not_after)) <= (SELECT engine_now())
   AND NOT EXISTS (SELECT FROM task t WHERE t.district = o.district AND t.kind = 'ended'
                   AND t.danger = o.hazard || ' ' || o.family
                   AND (t.closed_at IS NULL OR t.since >= max(coalesce(o.until, v.not_after))));

-- name: show_ended(district, hazard, family, words)!
INSERT INTO task (district, kind, danger, words) VALUES (:district, 'ended', :hazard || ' ' || :family, :words)
ON CONFLICT DO NOTHING;

-- name: unheard(after)
-- Standing orders that nobody of those who must answer is known to have got, once they are of this age; and those that
-- nobody is called for (people is 0). A re-opened order asks only those who have not acted: its silence is not that of
-- the town.
SELECT o.district, o.unit, o.hazard, o.family, v.level, engine_now() - v.made_at AS since,
       (SELECT count(*) FROM obligation WHERE version = v.id AND chased)::int AS people
FROM standing_order o
JOIN order_version v ON v.standing_order = o.id AND v.superseded_at IS NULL
JOIN change c ON c.id = v.change
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM obligation WHERE version = v.id AND chased) AS called) AS anybody
WHERE o.lapsed_at IS NULL AND o.district <> canary() AND v.level IS NOT NULL AND NOT c.quiet
  AND coalesce(o.until, v.not_after) > (SELECT engine_now())
  AND CASE WHEN called THEN v.kind IN ('issue', 'update') AND v.made_at <= (SELECT engine_now() - :after::interval)
                            AND (SELECT bool_and(state = 'open') FROM obligation WHERE version = v.id AND chased)
           ELSE c.expanded_at IS NOT NULL
                AND (v.kind <> 'reopen'
                     OR NOT EXISTS (SELECT FROM order_version w JOIN obligation e ON e.version = w.id AND e.chased
                                    WHERE w.standing_order = o.id)) END;

-- name: alarm(district, danger, words)$
INSERT INTO task (district, kind, danger, words) VALUES (:district, 'silent', :danger, :words)
ON CONFLICT DO NOTHING RETURNING id;

-- name: timer_later(bundle, step, until)!
UPDATE timer SET due = :until, first_due = coalesce(first_due, due)
WHERE bundle = :bundle AND step = :step AND fired_at IS NULL;

-- name: timer_fired(bundle, step, outcome)!
UPDATE timer SET fired_at = engine_now(), outcome = :outcome WHERE bundle = :bundle AND step = :step;

-- name: remind(bundle)!
-- One more attempt for every delivery of a bundle, numbered after all that exist or are planned. A channel whose turn
-- has not come is not reminded by.
INSERT INTO chunk (channel, lane, purpose, only_delivery, number, due)
SELECT d.channel, b.lane, 'reminder', d.id, next_number(d.id), engine_now()
FROM bundle b JOIN delivery d ON d.bundle = b.id AND d.id BETWEEN b.id AND b.id + 15
WHERE b.id = :bundle
  AND NOT EXISTS (SELECT FROM chunk n WHERE n.only_delivery = d.id AND n.purpose = 'next' AND n.finished_at IS NULL)
ON CONFLICT (only_delivery, number) WHERE only_delivery IS NOT NULL DO NOTHING;

-- name: call_again(bundle, channel)$
-- A bundle that went by telephone already (by hand: call, by a machine: voice) goes so once more.
INSERT INTO chunk (channel, lane, purpose, only_delivery, number, due)
SELECT d.channel, b.lane, 'reminder', d.id, next_number(d.id), engine_now()
FROM bundle b JOIN delivery d ON d.bundle = b.id AND d.id BETWEEN b.id AND b.id + 15
WHERE b.id = :bundle AND d.channel = :channel ORDER BY d.id LIMIT 1
RETURNING id;

-- name: add_call(bundle, channel)$
-- A bundle goes by telephone too: by hand to the number that is for calls, else to the mobile; by a machine, which
-- nobody at a desk can be asked for, to the mobile first. Null where there is none.
WITH way AS (
    -- sixteen places and no more: the next one is that of another person's bundle
    SELECT b.id, b.lane, a.address, 1 + (SELECT coalesce(max(d.id), b.id - 1) FROM delivery d
                                         WHERE d.id BETWEEN b.id AND b.id + 15) AS delivery
    FROM bundle b JOIN address a ON a.district = b.district AND a.person = b.person AND a.retired_at IS NULL
    WHERE b.id = :bundle AND a.channel IN ('call', 'sms')
      AND NOT EXISTS (SELECT FROM delivery d WHERE d.id = b.id + 15)
    ORDER BY (a.channel = 'sms') = (:channel = 'voice') DESC, a.rank, a.address LIMIT 1
), line AS (
    INSERT INTO chunk (channel, lane, purpose, number, due) SELECT :channel, lane, 'first', 1, engine_now() FROM way
    RETURNING id
)
INSERT INTO delivery (id, bundle, channel, address, chunk)
SELECT way.delivery, way.id, :channel, way.address, line.id FROM way, line RETURNING id;

-- name: alone_in_vain()$
-- Whether no other process looks for calls in vain now. The lock ends with the transaction.
SELECT pg_try_advisory_xact_lock(lock_of(7075));

-- name: in_vain(after)
-- Bundles that a machine should have spoken, unanswered and not on the duty room's list: its last call came to nothing
-- and the ladder has no other one for it; or the line does not take the call at all.
SELECT b.id AS bundle
FROM (SELECT bundle, max(fired_at) AS at FROM timer
      WHERE act = 'voice' AND fired_at > (SELECT engine_now() - interval '1 day') GROUP BY bundle) AS last
JOIN bundle b ON b.id = last.bundle
JOIN delivery d ON d.id BETWEEN b.id AND b.id + 15 AND d.channel = 'voice'
CROSS JOIN LATERAL (
    SELECT coalesce((SELECT e.what FROM delivery_event e WHERE e.delivery = d.id AND e.number = next_number(d.id) - 1
                     ORDER BY evidence(e.what) DESC LIMIT 1), 'queued') AS what) AS call
WHERE b.not_after > (SELECT engine_now())
  AND (call.what IN ('failed', 'held')
       OR call.what IN ('undelivered', 'silent')
          AND NOT EXISTS (SELECT FROM every_timer t WHERE t.bundle = b.id AND t.act = 'voice' AND t.fired_at IS NULL)
       OR call.what IN ('queued', 'refused', 'unknown') AND last.at < (SELECT engine_now() - :after::interval))
  AND EXISTS (SELECT FROM obligation o WHERE o.bundle = b.id AND o.chased AND o.state IN ('open', 'reached'))
  AND NOT EXISTS (SELECT FROM order_version v WHERE v.id = ANY (b.versions) AND v.superseded_at IS NOT NULL)
  AND NOT EXISTS (SELECT FROM delivery h WHERE h.id BETWEEN b.id AND b.id + 15 AND h.channel = 'call')
ORDER BY b.id;

-- name: ways_to(district, people)
SELECT p.key AS person,
       coalesce(array_agg(w.channel || ' ' || w.address ORDER BY w.channel DESC) FILTER (WHERE w.address IS NOT NULL), '{}')
           AS addresses
FROM person p LEFT JOIN way w ON w.district = p.district AND w.person = p.key
WHERE p.district = :district AND p.key = ANY(:people::text[]) GROUP BY p.key ORDER BY p.key;

-- name: asked_already(behalf, people, purpose)
-- Who was already asked to act for this silence.
SELECT person FROM bundle WHERE :behalf = ANY (behalf || about) AND person = ANY(:people::text[]) AND purpose = :purpose;

-- name: expire_unreached(most)
-- Bundles whose time is over, each judged once: whom an order that still counts never reached is paged, no silent end.
WITH over AS (
    SELECT b.id FROM bundle b
    WHERE b.judged_at IS NULL AND b.not_after < (SELECT engine_now()) AND NOT unsettled(b.id)
    ORDER BY b.not_after LIMIT :most FOR NO KEY UPDATE SKIP LOCKED
), judged AS (
    UPDATE bundle b SET judged_at = engine_now() FROM over WHERE b.id = over.id RETURNING b.id
)
UPDATE obligation o SET state = 'expired_unreached', closed_at = engine_now()
FROM judged j, order_version v
WHERE o.bundle = j.id AND o.state = 'open' AND v.id = o.version AND v.kind <> 'lapse' AND v.superseded_at IS NULL
  AND NOT EXISTS (SELECT FROM delivery_event e WHERE e.delivery BETWEEN j.id AND j.id + 15
                  AND (e.what = 'delivered' OR e.what = 'accepted' AND e.detail = 'no receipts'
                       AND NOT EXISTS (SELECT FROM delivery d WHERE d.id = e.delivery AND d.channel = 'extra')))
RETURNING o.bundle, o.district, o.person;

-- name: add_escalation_obligations(bundles)!
-- A deputy who has the order already keeps it as it is.
INSERT INTO obligation (version, district, person, bundle, chased, counts)
SELECT v, b.district, b.person, b.id, false, false FROM bundle b, unnest(b.versions) AS v
WHERE b.id = ANY(:bundles::bigint[]) ON CONFLICT DO NOTHING;

-- name: silent(bundles)
-- Of whom a message speaks: name and posts.
SELECT b.id, b.person, p.name, b.posts FROM bundle b JOIN person p ON p.district = b.district AND p.key = b.person
WHERE b.id = ANY(:bundles::bigint[]) ORDER BY b.level DESC, b.id;

-- name: items_done(versions)
SELECT version, measure FROM item_done WHERE version = ANY(:versions::bigint[]);

-- name: sharing(bundle)^
-- Who is responsible for what was asked of a bundle, and who else has answered for it.
SELECT coalesce((SELECT o.responsible FROM obligation o WHERE o.bundle = b.id AND o.responsible IS NOT NULL
                 ORDER BY o.acked_at LIMIT 1), b.person) AS responsible,
       array(SELECT DISTINCT s.person FROM bundle s JOIN answer a ON a.bundle = s.id
             WHERE s.id = b.id OR b.id = ANY (s.behalf || s.about) AND s.stands_in) AS people
FROM bundle b WHERE b.id = :bundle;

-- name: names(district, people)
SELECT key, name FROM person WHERE district = :district AND key = ANY(:people::text[]);

-- name: responses()
-- Standing orders with the clock of their response.
SELECT r.district, r.unit, r.hazard, r.family, r.version, r.level, r.since AS since_at, engine_now() - r.since AS since,
       r.started, t.id IS NOT NULL AS alarmed, t.told_at IS NOT NULL AS told
FROM response r LEFT JOIN task t ON t.district = r.district AND t.kind = 'unstarted' AND t.closed_at IS NULL
    AND t.danger = r.unit || ' ' || r.hazard || ' ' || r.family;

-- name: unstarted(district, danger, words)$
INSERT INTO task (district, kind, danger, words) VALUES (:district, 'unstarted', :danger, :words)
ON CONFLICT DO NOTHING RETURNING id;

-- name: started(still)
-- Units that have begun, or whose order is over, leave the list.
UPDATE task SET closed_at = engine_now(), result = 'not_needed', by = 'warnengine'
WHERE kind = 'unstarted' AND closed_at IS NULL AND district || ' ' || danger <> ALL(:still::text[]) RETURNING id;

-- name: untold(dangers)
-- Units that have not begun, of which the leader does not know yet, locked.
SELECT t.id, t.danger, r.version, r.change, r.not_after FROM task t
JOIN response r ON r.district = t.district AND r.unit || ' ' || r.hazard || ' ' || r.family = t.danger
WHERE t.kind = 'unstarted' AND t.closed_at IS NULL AND t.told_at IS NULL
  AND t.district || ' ' || t.danger = ANY(:dangers::text[]) ORDER BY t.id FOR UPDATE OF t SKIP LOCKED;

-- name: told(tasks, note)!
UPDATE task SET told_at = engine_now(), words = words || :note WHERE id = ANY(:tasks::bigint[]);
