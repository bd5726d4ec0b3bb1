-- name: hold(arrival, reason, words, part, about, settled)$
-- A case for an arrival that was not let in. What a person has the same bytes of, from the same source and for the same reason,
-- is nobody's work twice. Returns whether it is open.
INSERT INTO quarantine_case (arrival, reason, words, part, about, closed_at, outcome, closed_by)
SELECT a.id, :reason, :words, :part, :about, CASE WHEN done.outcome IS NOT NULL THEN engine_now() END, done.outcome,
       CASE WHEN done.outcome IS NOT NULL THEN 'warnengine' END
FROM arrival a CROSS JOIN LATERAL (SELECT CASE
    WHEN :settled THEN 'nothing'
    WHEN EXISTS (SELECT FROM arrival b JOIN quarantine_case q ON q.arrival = b.id
                 WHERE b.sha256 = a.sha256 AND b.source = a.source AND b.id < a.id AND q.reason = :reason
                   AND (q.outcome IS NULL OR q.outcome IN ('released', 'junk'))) THEN 'repeat' END AS outcome) AS done
WHERE a.id = :arrival
RETURNING closed_at IS NULL;

-- name: put_task(district, about, words)!
-- One task while it is open, for all cases that say the same.
INSERT INTO task (district, kind, danger, words) SELECT :district, 'decide', :about, :words
WHERE NOT EXISTS (SELECT FROM task WHERE kind = 'decide' AND danger = :about AND closed_at IS NULL)
ON CONFLICT DO NOTHING;

-- name: settle_task(about, by, result)!
-- The task of cases of which none is open any more.
UPDATE task SET closed_at = engine_now(), result = :result, by = :by
WHERE kind = 'decide' AND danger = :about AND closed_at IS NULL
  AND NOT EXISTS (SELECT FROM quarantine_case WHERE about = :about AND closed_at IS NULL);

-- name: known(identifiers)
SELECT DISTINCT identifier FROM warning WHERE identifier = ANY(:identifiers::text[]);

-- name: first_arrival()$
-- When this store was first told anything.
SELECT received_at FROM arrival WHERE source NOT LIKE 'canary/%' ORDER BY id LIMIT 1;

-- name: listed(open, reason, within, most)
-- What was refused, in whole or in part, or contradicts itself, newest first. open: null for all; within: only what came so lately.
SELECT a.id, a.source, a.position, a.received_at, a.verdict, coalesce(q.reason, a.reason) AS reason, a.explanation, q.words,
       coalesce(q.part, false) AS part, left(encode(a.sha256, 'hex'), 12) AS sha256, octet_length(a.raw) AS size,
       (a.verdict = 'quarantined' OR q.arrival IS NOT NULL) AND q.closed_at IS NULL AS open,
       q.asked_by, q.asked_at, q.asked_why, q.outcome, q.closed_by, q.closed_at, q.closed_why, q.admitted
FROM (SELECT id FROM arrival WHERE verdict IN ('quarantined', 'conflict') UNION SELECT arrival FROM quarantine_case) AS of
JOIN arrival a USING (id) LEFT JOIN quarantine_case q ON q.arrival = a.id
WHERE a.source NOT LIKE 'canary/%'
  AND (:open::boolean IS NULL OR :open = ((a.verdict = 'quarantined' OR q.arrival IS NOT NULL) AND q.closed_at IS NULL))
  AND (:reason::text IS NULL OR coalesce(q.reason, a.reason) = :reason)
  AND (:within::interval IS NULL OR a.received_at > engine_now() - :within::interval)
ORDER BY a.id DESC LIMIT :most;

-- name: count_open()$
SELECT (SELECT count(*) FROM arrival a WHERE a.verdict = 'quarantined' AND a.source NOT LIKE 'canary/%'
        AND NOT EXISTS (SELECT FROM quarantine_case q WHERE q.arrival = a.id AND q.closed_at IS NOT NULL))
     + (SELECT count(*) FROM quarantine_case q JOIN arrival a ON a.id = q.arrival
        WHERE q.closed_at IS NULL AND a.verdict <> 'quarantined');

-- name: one(arrival)^
SELECT a.id, a.source, a.position, a.received_at, a.verdict, a.raw, a.media_type, a.explanation, encode(a.sha256, 'hex') AS sha256,
       coalesce(q.reason, a.reason) AS reason, q.words, coalesce(q.part, false) AS part, q.about,
       (a.verdict = 'quarantined' OR q.arrival IS NOT NULL) AND q.closed_at IS NULL AS open,
       a.verdict = 'quarantined' OR q.arrival IS NOT NULL AS refused,
       q.asked_by, q.asked_at, q.asked_why, q.asked_for, q.outcome, q.closed_by, q.closed_at, q.closed_why, q.admitted
FROM arrival a LEFT JOIN quarantine_case q ON q.arrival = a.id WHERE a.id = :arrival;

-- name: history(arrival)
SELECT at, act, by, words FROM quarantine_event WHERE arrival = :arrival ORDER BY id;

-- name: lock(arrival)!
-- Of two who work on one case the second waits. A case that an older engine refused gets its row here.
INSERT INTO quarantine_case (arrival, reason, words)
SELECT id, reason, coalesce(explanation, reason) FROM arrival WHERE id = :arrival AND verdict = 'quarantined'
ON CONFLICT (arrival) DO UPDATE SET arrival = excluded.arrival;

-- name: hold_row(arrival)!
SELECT FROM quarantine_case WHERE arrival = :arrival FOR UPDATE;

-- name: ask(arrival, by, why, reasons)!
UPDATE quarantine_case SET asked_at = engine_now(), asked_by = :by, asked_why = :why, asked_for = :reasons::text[]
WHERE arrival = :arrival;

-- name: left(arrival, reason, words, part)!
-- It was read anew and is refused still, perhaps for another reason. Who asked for a release asked for another case.
UPDATE quarantine_case SET reason = :reason, words = :words, part = :part,
    asked_at = CASE WHEN reason = :reason THEN asked_at END, asked_by = CASE WHEN reason = :reason THEN asked_by END,
    asked_why = CASE WHEN reason = :reason THEN asked_why END, asked_for = CASE WHEN reason = :reason THEN asked_for END
WHERE arrival = :arrival;

-- name: close(arrival, outcome, by, why, admitted)!
UPDATE quarantine_case SET closed_at = engine_now(), outcome = :outcome, closed_by = :by, closed_why = :why, admitted = :admitted
WHERE arrival = :arrival;

-- name: note(arrival, act, by, words)!
INSERT INTO quarantine_event (arrival, act, by, words) VALUES (:arrival, :act, :by, :words);
