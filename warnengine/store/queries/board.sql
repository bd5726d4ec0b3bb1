-- name: orders(district, most)
-- Standing orders with their newest version and what their people have answered, newest first.
SELECT o.id, o.unit, o.hazard, o.family, o.lapsed_at IS NOT NULL AS lapsed, v.id AS version_id, v.version, v.kind,
       coalesce(v.level, v.before) AS level, v.measures, v.reach, v.book AS rule_version, v.made_at, v.because,
       sums.people, sums.reached, sums.acknowledged, sums.acting, sums.done, sums.number,
       (SELECT count(DISTINCT silent) FROM bundle e JOIN order_version w ON w.id = ANY (e.versions), unnest(e.behalf || e.about) AS silent
        WHERE w.standing_order = o.id AND e.purpose = 'escalation') AS escalated,
       coalesce((SELECT jsonb_agg(jsonb_build_object('identifier', w.identifier, 'arrival', q.arrival, 'asked_by', q.asked_by,
                                                     'why', q.asked_why, 'agreed_by', q.closed_by) ORDER BY q.arrival)
        FROM quarantine_case q JOIN arrival_warning x ON x.arrival = q.admitted JOIN warning w ON w.id = x.warning
        WHERE q.outcome = 'released' AND w.identifier = ANY (v.because)), '[]') AS released
FROM standing_order o
JOIN LATERAL (SELECT * FROM order_version v WHERE v.standing_order = o.id ORDER BY v.version DESC LIMIT 1) v ON true
CROSS JOIN LATERAL (
    SELECT count(DISTINCT b.person) AS people,
           count(DISTINCT b.person) FILTER (WHERE b.reached_at IS NOT NULL OR b.acked_at IS NOT NULL) AS reached,
           count(DISTINCT b.person) FILTER (WHERE b.acked_at IS NOT NULL) AS acknowledged,
           count(DISTINCT b.person) FILTER (WHERE b.acting_at IS NOT NULL) AS acting,
           count(DISTINCT b.person) FILTER (WHERE b.done_at IS NOT NULL) AS done,
           -- the newest report counts: everybody of a unit reports the whole unit
           (array_agg(b.number ORDER BY b.done_at DESC) FILTER (WHERE b.number IS NOT NULL))[1] AS number
    FROM obligation b JOIN order_version w ON w.id = b.version WHERE w.standing_order = o.id) sums
WHERE CASE WHEN :district::text IS NULL THEN o.district <> canary() ELSE o.district = :district END
ORDER BY o.id DESC LIMIT :most;

-- name: deliveries(most, after)
-- Every delivery with its state, by id.
SELECT s.id, s.bundle, b.person, s.address, s.channel, b.level,
       CASE WHEN b.purpose <> 'order' THEN b.purpose WHEN b.kind = 'issue' THEN 'order' ELSE b.kind END AS kind, s.state, s.detail AS reason,
       s.possible_duplicates, s.attempts, CASE s.channel WHEN 'email' THEN t.body ELSE t.short END AS text, b.made_at AS at, b.change, p.name,
       coalesce(silent.posts, b.posts) AS posts,
       (SELECT count(*) FROM attempt a WHERE a.delivery = s.id AND a.purpose = 'reminder') AS reminders
FROM delivery_state s JOIN bundle b ON b.id = s.bundle JOIN text t ON t.id = b.text
LEFT JOIN bundle silent ON silent.id = b.behalf
JOIN person p ON p.district = b.district AND p.key = coalesce(silent.person, b.person)
WHERE s.id > :after ORDER BY s.id LIMIT :most;

-- name: of_obligations(most, unit)
-- Who must answer what stands, with every answer, the gravest and least proven first.
SELECT o.version, o.person, p.name, s.unit, s.hazard, s.family, coalesce(v.level, v.before) AS level, v.kind, b.posts,
       o.chased, o.state, o.number, o.reached_at, o.acked_at, o.acting_at, o.done_at, proof_of(o) AS proof,
       (SELECT r.name FROM person r WHERE r.district = o.district AND r.key = o.responsible) AS responsible,
       (SELECT count(*) FROM item_done i WHERE i.version = o.version) AS items_done,
       (SELECT count(*) FROM jsonb_array_elements(v.measures) AS m
        WHERE m ->> 'mark' <> 'lapsed' AND m -> 'standing' ->> 'form' = 'order') AS items,
       coalesce((SELECT jsonb_agg(jsonb_build_object(
                     'step', a.step, 'manner', a.manner, 'by', a.by, 'who', a.who, 'why', a.why, 'counted', a.counted,
                     'number', a.number, 'item', a.item, 'late', a.late, 'words', a.words, 'at', a.at AT TIME ZONE 'Asia/Shanghai',
                     'other', CASE WHEN x.person <> o.person THEN (SELECT q.name FROM person q WHERE q.district = o.district
                                                                   AND q.key = x.person) END) ORDER BY a.id)
                 FROM bundle x JOIN answer a ON a.bundle = x.id
                 WHERE x.district = o.district AND o.version = ANY (x.versions)
                   AND (x.person = o.person OR x.stands_in AND o.bundle = ANY (x.behalf || x.about))), '[]') AS answers
FROM obligation o JOIN order_version v ON v.id = o.version JOIN standing_order s ON s.id = v.standing_order
JOIN person p ON p.district = o.district AND p.key = o.person JOIN bundle b ON b.id = o.bundle
WHERE v.superseded_at IS NULL AND (:unit::text IS NULL OR s.unit = :unit)
ORDER BY 7 DESC, proof, s.unit, o.person LIMIT :most;

-- name: unmatched(most)
-- Warnings of which no unit has an order, newest first, with the reason of then.
SELECT id, identifier, issuer, headline, hazard, family, level, why, sent, at FROM unmatched ORDER BY id DESC LIMIT :most;

-- name: proof_of(version, person)$
SELECT proof_of(o) FROM obligation o WHERE version = :version AND person = :person FOR UPDATE;

-- name: verified(version, person, by, words)!
INSERT INTO verification (version, person, by, words) VALUES (:version, :person, :by, :words);

-- name: clock()^
-- Engine time, the next moment at which something is due, and how much is in flight right now.
SELECT engine_now() AS now,
       least((SELECT min(due) FROM timer WHERE fired_at IS NULL),
             (SELECT min(due) FROM schedule WHERE brought_at IS NULL),
             (SELECT min(due) FROM chunk WHERE finished_at IS NULL),
             (SELECT min(due) FROM askable)) AS next,
       (SELECT count(*) FROM district_warning WHERE applied_at IS NULL)
     + (SELECT count(*) FROM change WHERE expanded_at IS NULL)
     + (SELECT count(*) FROM chunk WHERE finished_at IS NULL AND (due <= engine_now() OR lease_until IS NOT NULL))
     + (SELECT count(*) FROM timer WHERE fired_at IS NULL AND due <= engine_now())
     + (SELECT count(*) FROM schedule WHERE brought_at IS NULL AND due <= engine_now())
     + (SELECT count(*) FROM askable WHERE due <= engine_now())
     + (SELECT count(*) FROM approval WHERE decided_at IS NOT NULL AND applied_at IS NULL) AS busy;

-- name: jump(moment)$
-- Only the clock of a demo or drill moves: to any night before the first message, then only forward.
UPDATE installation SET clock_offset = clock_offset + (:moment::timestamptz - engine_now())
WHERE kind IN ('demo', 'drill') AND (:moment::timestamptz > engine_now() OR NOT EXISTS (SELECT FROM arrival)) RETURNING true;

-- name: gauges()^
SELECT extract(epoch FROM clock_timestamp())::float8 AS clock, (SELECT count(*) FROM approval WHERE decided_at IS NULL AND kind = 'before') AS approvals,
       ARRAY(SELECT scope FROM halt WHERE resumed_at IS NULL) AS halts,
       coalesce((SELECT extract(epoch FROM engine_now() - min(asked_at)) FROM approval WHERE decided_at IS NULL AND kind = 'before'), 0)::float8
           AS approvals_oldest,
       greatest((SELECT extract(epoch FROM engine_now() - min(due)) FROM timer WHERE fired_at IS NULL),
                (SELECT extract(epoch FROM engine_now() - min(due)) FROM schedule WHERE brought_at IS NULL), 0)::float8
           AS timer_lag,
       (SELECT count(*) FROM receipt WHERE matched_at IS NULL) AS parked;

-- name: obligations()
-- What standing orders ask of those whom the ladder chases, by state, with the age of the oldest of each.
SELECT v.level, o.state, count(*) AS n, extract(epoch FROM engine_now() - min(b.made_at))::float8 AS oldest
FROM obligation o JOIN order_version v ON v.id = o.version JOIN bundle b ON b.id = o.bundle
WHERE o.district <> canary() AND o.chased AND o.state IN ('open', 'reached', 'acked', 'acting', 'done') AND v.superseded_at IS NULL AND v.level IS NOT NULL
GROUP BY v.level, o.state;

-- name: tasks_by_kind()
SELECT kind, count(*) AS n FROM task WHERE closed_at IS NULL GROUP BY kind;

-- name: deliveries_by_state()
-- The state of each delivery of the last day, as in the view delivery_state, in one pass over what was written.
WITH heard AS (
    SELECT delivery, max(evidence(what)) AS most FROM delivery_event
    WHERE delivery >= (SELECT id_at(clock_timestamp() - interval '1 day')) GROUP BY delivery
), tried AS (
    SELECT DISTINCT delivery FROM attempt WHERE delivery >= (SELECT id_at(clock_timestamp() - interval '1 day'))
), counted AS (
    SELECT d.channel, d.bundle, h.most, t.delivery IS NOT NULL AS tried
    FROM delivery d LEFT JOIN heard h ON h.delivery = d.id LEFT JOIN tried t ON t.delivery = d.id
    WHERE d.id >= (SELECT id_at(clock_timestamp() - interval '1 day'))
)
SELECT c.channel, b.level, count(*) AS n,
       coalesce(evidence_named(c.most), CASE WHEN c.tried THEN 'sending' ELSE 'queued' END) AS state
FROM counted c JOIN bundle b ON b.id = c.bundle GROUP BY c.channel, b.level, c.most, c.tried;

-- name: held()
-- How long the oldest text waits for those that it replaces. What was withdrawn or is over waits no more.
SELECT coalesce(max(extract(epoch FROM engine_now() - b.made_at)), 0)::float8 AS seconds FROM bundle b
WHERE b.follows <> '{}' AND b.id >= (SELECT id_at(clock_timestamp() - interval '2 days')) AND b.not_after > engine_now()
  AND NOT EXISTS (SELECT FROM attempt a WHERE a.delivery BETWEEN b.id AND b.id + 15)
  AND NOT EXISTS (SELECT FROM delivery_event e WHERE e.delivery BETWEEN b.id AND b.id + 15)
  AND EXISTS (SELECT FROM unnest(b.follows) AS before WHERE unsettled(before));

-- name: receipts_missing(silent)
-- Of the messages that a gateway accepted in the last hour and promised receipts for: the share whose receipt is
-- overdue, for all and for each prefix of mainland mobiles, the worst fifty.
WITH message AS (
    SELECT gateway, bool_or(fate IS NULL) AS missing,
           substring(right(regexp_replace(min(address), '\D', '', 'g'), 11) FROM '^(1\d{6})\d{4}$') AS prefix
    FROM part WHERE accepted_at > (SELECT clock_timestamp() - interval '1 hour')
                AND accepted_at < (SELECT clock_timestamp() - :silent::interval) AND delivery >= 0
    GROUP BY gateway, delivery, number
)
SELECT gateway, CASE WHEN grouping(prefix) = 1 THEN 'all' ELSE prefix END AS prefix,
       avg(missing::int)::float8 AS ratio
FROM message GROUP BY GROUPING SETS ((gateway), (gateway, prefix))
HAVING count(*) >= 20 AND (grouping(prefix) = 1 OR prefix IS NOT NULL)
ORDER BY grouping(prefix) DESC, ratio DESC LIMIT 50;

-- name: queue_by_lane()
SELECT lane, extract(epoch FROM engine_now() - min(due))::float8 AS oldest FROM chunk
WHERE finished_at IS NULL AND due <= engine_now() AND channel NOT LIKE '%@%' GROUP BY lane;

-- name: sources()
-- When each source last brought something that was understood, and its usual longest pause (95th percentile) where
-- ninety days show enough of them.
SELECT source, extract(epoch FROM max(received_at))::float8 AS last,
       CASE WHEN count(pause) >= 20
            THEN percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM pause)::float8) END AS pause
FROM (SELECT source, received_at,
             received_at - lag(received_at) OVER (PARTITION BY source ORDER BY received_at) AS pause
      FROM arrival WHERE source NOT LIKE 'canary/%' AND verdict <> 'quarantined' AND received_at > engine_now() - interval '90 days') AS understood
GROUP BY source;

-- name: alone()$
-- Whether no other engine publishes now. The lock ends with the transaction.
SELECT pg_try_advisory_xact_lock(lock_of(7072));

-- name: unsent(most)
SELECT id, at, type, subject, data FROM outbox WHERE sent_at IS NULL ORDER BY id LIMIT :most;

-- name: sent(ids)!
UPDATE outbox SET sent_at = engine_now() WHERE id = ANY(:ids::bigint[]);
