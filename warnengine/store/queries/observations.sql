-- name: keep(rows, district, source)
-- Keep readings; of those that were not there yet, which stand beside another value of the same moment and revision.
WITH row AS (
    SELECT * FROM jsonb_to_recordset(:rows::jsonb) AS r(
        station text, kind text, at timestamptz, value float8, minutes int, datum text, revision int, peak_at timestamptz)
), kept AS (
    INSERT INTO observation (id, district, station, kind, at, value, minutes, datum, revision, peak_at, source)
    SELECT DISTINCT ON (id_at(at), station, kind, revision, value, minutes, datum)
           id_at(at), :district, station, kind, at, value, minutes, datum, revision, peak_at, :source FROM row
    ON CONFLICT DO NOTHING RETURNING id, station, kind, at, value, minutes, revision
)
SELECT k.station, k.kind, k.at, k.value, k.revision,
       EXISTS (SELECT FROM observation o WHERE o.id = k.id AND o.district = :district AND o.station = k.station
               AND o.kind = k.kind AND o.minutes = k.minutes AND o.revision = k.revision AND o.value <> k.value)
       OR EXISTS (SELECT FROM kept o WHERE o.id = k.id AND o.station = k.station AND o.kind = k.kind
                  AND o.minutes = k.minutes AND o.revision = k.revision AND o.value <> k.value) AS differs
FROM kept k;

-- name: heard(district, source, stations)!
-- These stations have reported, and wait to be judged. Locked in the order of their names, like those who judge.
INSERT INTO station_heard (district, station, source, heard_at, due)
SELECT :district, station, :source, engine_now(), true FROM unnest(:stations::text[]) AS station ORDER BY station
ON CONFLICT (district, station) DO UPDATE
SET heard_at = excluded.heard_at, source = excluded.source, due = true;

-- name: refuse(district, source, line, raw, reason, about)*!
INSERT INTO observation_refused (district, source, line, raw, reason, about)
VALUES (:district, :source, :line, :raw, :reason, :about) ON CONFLICT (district, about) DO NOTHING;

-- name: refused(district, most)
-- Rows that were refused, newest first.
SELECT id, source, line, raw, reason, received_at FROM observation_refused WHERE district = :district
ORDER BY id DESC LIMIT :most;

-- name: now()$
SELECT engine_now();

-- name: waiting(district)^
-- Whether something waits to be judged, and whether something waits to be told.
SELECT EXISTS (SELECT FROM station_heard WHERE district = :district AND due) AS due,
       EXISTS (SELECT FROM observed_message WHERE district = :district AND taken_at IS NULL) AS unsaid;

-- name: alone()$
-- Whether no other engine judges now. The lock ends with the transaction, which ends with its connection or after
-- standing still for some seconds.
SELECT set_config('idle_in_transaction_session_timeout', '10s', true) <> '' AND pg_try_advisory_xact_lock(lock_of(7047));

-- name: due(district)
-- Stations of which something waits to be judged, locked: what comes meanwhile makes them due again.
SELECT station FROM station_heard WHERE district = :district AND due ORDER BY station FOR UPDATE;

-- name: not_due(district, stations)!
UPDATE station_heard SET due = false WHERE district = :district AND station = ANY(:stations::text[]);

-- name: readings(district, stations, since)
SELECT station, kind, at, value, minutes, datum, revision, peak_at FROM observation
WHERE id >= id_at(:since) AND district = :district AND station = ANY(:stations::text[]) AND at >= :since;

-- name: days(district, stations, since)
SELECT station, day, millimetres, share FROM rain_day
WHERE district = :district AND station = ANY(:stations::text[]) AND day >= :since;

-- name: keep_day(district, station, day, millimetres, share)*!
INSERT INTO rain_day (district, station, day, millimetres, share)
VALUES (:district, :station, :day, :millimetres, :share)
ON CONFLICT (district, station, day) DO UPDATE SET millimetres = excluded.millimetres, share = excluded.share;

-- name: forget_days(district, before)!
DELETE FROM rain_day WHERE district = :district AND day < :before;

-- name: states(district)
SELECT trigger, town, level, began, fallen, lifted, identifier, shadow, stations, now FROM trigger_state
WHERE district = :district ORDER BY trigger, town;

-- name: keep_state(district, trigger, town, level, began, fallen, lifted, identifier, shadow, stations, now)*!
INSERT INTO trigger_state (district, trigger, town, level, began, fallen, lifted, identifier, shadow, stations, now)
VALUES (:district, :trigger, :town, :level, :began, :fallen, :lifted, :identifier, :shadow, :stations::text[], :now::jsonb)
ON CONFLICT (district, trigger, town) DO UPDATE
SET level = excluded.level, began = excluded.began, fallen = excluded.fallen, lifted = excluded.lifted,
    identifier = excluded.identifier, shadow = excluded.shadow, stations = excluded.stations,
    now = coalesce(excluded.now, trigger_state.now), judged_at = engine_now();

-- name: cross(district, trigger, town, what, level, at, shadow, words, message)*!
INSERT INTO crossing (district, trigger, town, what, level, at, shadow, words, message)
VALUES (:district, :trigger, :town, :what, :level, :at, :shadow, :words, :message);

-- name: crossings(district, most)
-- Every crossing, newest first.
SELECT trigger, town, what, level, at, made_at, shadow, words, message FROM crossing WHERE district = :district
ORDER BY id DESC LIMIT :most;

-- name: say(district, identifier, raw)!
INSERT INTO observed_message (district, identifier, raw) VALUES (:district, :identifier, :raw)
ON CONFLICT (district, identifier) DO NOTHING;

-- name: spoken(district, identifiers)
-- The bytes of these messages.
SELECT identifier, raw FROM observed_message WHERE district = :district AND identifier = ANY(:identifiers::text[]);

-- name: unsaid(district)
-- Messages that intake has not taken yet, in their order.
SELECT id, identifier, raw FROM observed_message WHERE district = :district AND taken_at IS NULL ORDER BY id;

-- name: said(id, verdict)!
UPDATE observed_message SET taken_at = engine_now(), verdict = :verdict WHERE id = :id AND taken_at IS NULL;

-- name: show_fallen(district, danger, words, since)!
-- What has fallen below is one task for each trigger, and so is what nothing watches any more; its words follow what
-- becomes of it. Whoever has closed it has seen what was so before.
INSERT INTO task (district, kind, danger, words)
SELECT :district, 'ended', :danger, :words
WHERE NOT EXISTS (SELECT FROM task t WHERE t.district = :district AND t.kind = 'ended' AND t.danger = :danger
                  AND t.closed_at IS NOT NULL AND t.result <> 'not_needed' AND t.since >= :since)
ON CONFLICT (district, danger) WHERE kind = 'ended' AND closed_at IS NULL DO UPDATE SET words = excluded.words;

-- name: drop_fallen(district, still)!
UPDATE task SET closed_at = engine_now(), result = 'not_needed', by = 'warnengine'
WHERE district = :district AND kind = 'ended' AND danger LIKE 'trigger %' AND closed_at IS NULL
  AND danger <> ALL(:still::text[]);

-- name: silent(district, after)
-- Stations that have reported and are silent for so long, by source.
SELECT source, array_agg(station ORDER BY station) AS stations, max(heard_at) AS last FROM station_heard
WHERE district = :district AND heard_at <= engine_now() - :after::interval GROUP BY source ORDER BY source;

-- name: show_silent(district, source, words, since)!
-- Whoever has closed it knows of those that were silent then.
INSERT INTO task (district, kind, danger, words)
SELECT :district, 'stations', :source, :words
WHERE NOT EXISTS (SELECT FROM task t WHERE t.district = :district AND t.kind = 'stations' AND t.danger = :source
                  AND t.closed_at IS NOT NULL AND t.result <> 'not_needed' AND t.since >= :since)
ON CONFLICT (district, danger) WHERE kind = 'stations' AND closed_at IS NULL DO UPDATE SET words = excluded.words;

-- name: drop_silent(district, still)!
UPDATE task SET closed_at = engine_now(), result = 'not_needed', by = 'warnengine'
WHERE district = :district AND kind = 'stations' AND closed_at IS NULL AND danger <> ALL(:still::text[]);

-- name: ask(district, words, about)*!
-- A question for the duty room of a district that there is, put once, also after somebody has closed it.
INSERT INTO task (district, kind, words, about) SELECT code, 'unclear', :words, :about FROM district WHERE code = :district
ON CONFLICT (district, about) WHERE about IS NOT NULL DO NOTHING;
