-- name: now()$
SELECT engine_now();

-- name: found(district, name)!
INSERT INTO feed (district, name) VALUES (:district, :name) ON CONFLICT DO NOTHING;

-- name: claim(district, name, lease)^
-- The right to poll, where it is time; whoever dies with it is followed after the lease.
UPDATE feed SET claim = claim + 1, next_at = clock_timestamp() + :lease::interval
WHERE (district, name) = (SELECT district, name FROM feed WHERE district = :district AND name = :name
                          AND next_at <= clock_timestamp() FOR UPDATE SKIP LOCKED)
RETURNING claim, etag, modified, sha256, failures, engine_now() AS now;

-- name: still(district, name, claim)$
-- Whether the right is still ours, and it stays so to the end of the transaction.
SELECT true FROM feed WHERE district = :district AND name = :name AND claim = :claim FOR UPDATE;

-- name: listed(district, name, etag, modified, sha256)!
UPDATE feed SET etag = :etag, modified = :modified, sha256 = :sha256 WHERE district = :district AND name = :name;

-- name: judged(district, name, unread)!
-- Whether the list that stands could be read.
UPDATE feed SET unread = :unread, unread_since = CASE WHEN :unread = '' THEN NULL ELSE coalesce(unread_since, engine_now()) END
WHERE district = :district AND name = :name;

-- name: unlist(district, feed, urls)!
UPDATE feed_document SET listed = false WHERE district = :district AND feed = :feed AND listed AND url <> ALL(:urls::text[]);

-- name: enlist(district, feed, urls, stamps)!
INSERT INTO feed_document AS d (district, feed, url, place, listed, stamp)
SELECT :district, :feed, url, place, true, stamp FROM unnest(:urls::text[], :stamps::text[]) WITH ORDINALITY AS l(url, stamp, place)
ON CONFLICT (district, feed, url) DO UPDATE
SET listed = true, place = excluded.place, stamp = excluded.stamp,
    listed_at = CASE WHEN d.stamp = excluded.stamp AND d.listed THEN d.listed_at ELSE engine_now() END,
    failures = CASE WHEN d.stamp = excluded.stamp THEN d.failures ELSE 0 END;

-- name: forget(district, feed, after)!
DELETE FROM feed_document WHERE district = :district AND feed = :feed AND NOT listed
AND coalesce(checked_at, listed_at) < engine_now() - :after::interval;

-- name: documents(district, feed, owed)
-- What is listed, and what was listed and never had: it may have been a warning.
SELECT url, stamp, had, etag, modified, sha256, checked_at, failures, trouble IS NOT DISTINCT FROM 'unreadable' AS garbled FROM feed_document
WHERE district = :district AND feed = :feed
AND (listed OR (had IS DISTINCT FROM stamp AND listed_at > engine_now() - :owed::interval)) ORDER BY listed DESC, place;

-- name: had(district, feed, url, stamp, etag, modified, sha256)!
UPDATE feed_document SET had = :stamp, etag = :etag, modified = :modified, sha256 = :sha256, checked_at = engine_now(),
       failures = 0, trouble = NULL, detail = ''
WHERE district = :district AND feed = :feed AND url = :url;

-- name: missed(district, feed, url, trouble, detail)!
UPDATE feed_document SET checked_at = engine_now(), failures = failures + 1, trouble = :trouble, detail = :detail
WHERE district = :district AND feed = :feed AND url = :url;

-- name: garbled(district, feed, url, etag, modified, sha256, detail)!
-- What came could not be read, and is kept in quarantine: these bytes need not be judged again.
UPDATE feed_document SET checked_at = engine_now(), failures = failures + 1, trouble = 'unreadable', detail = :detail,
       etag = :etag, modified = :modified, sha256 = :sha256
WHERE district = :district AND feed = :feed AND url = :url;

-- name: brought(district, name, garbled, warnings)!
-- What a document brought: the newest time of sending among its warnings, and whether it could be read
-- (garbled: why not).
UPDATE feed SET garbled = CASE WHEN :garbled = '' THEN 0 ELSE garbled + 1 END, garbled_why = :garbled,
       garbled_since = CASE WHEN :garbled = '' THEN NULL ELSE coalesce(garbled_since, engine_now()) END,
       newest = greatest(newest, (SELECT max(sent) FROM warning WHERE id = ANY (:warnings::bigint[])))
WHERE district = :district AND name = :name;

-- name: succeeded(district, name, claim, pause)!
UPDATE feed SET next_at = clock_timestamp() + :pause::interval, succeeded_at = engine_now(), failures = 0, trouble = NULL, detail = ''
WHERE district = :district AND name = :name AND claim = :claim;

-- name: failed(district, name, claim, pause, trouble, detail)!
UPDATE feed SET next_at = clock_timestamp() + :pause::interval, failures = failures + 1, trouble = :trouble, detail = :detail
WHERE district = :district AND name = :name AND claim = :claim;

-- name: states(district, names, owed)
SELECT f.*, w.* FROM feed f, LATERAL (
    SELECT count(*)::int AS withheld, min(d.listed_at) AS withheld_since,
           (array_agg(d.trouble ORDER BY d.checked_at DESC NULLS LAST))[1] AS withheld_trouble,
           coalesce((array_agg(d.detail ORDER BY d.checked_at DESC NULLS LAST))[1], '') AS withheld_detail
    FROM feed_document d WHERE d.district = f.district AND d.feed = f.name AND d.had IS DISTINCT FROM d.stamp
    AND d.trouble IS DISTINCT FROM 'unreadable' AND (d.listed OR d.listed_at > engine_now() - :owed::interval)) w
WHERE f.district = :district AND f.name = ANY(:names::text[]);

-- name: show_silent(district, name, words, since)!
-- Whoever has closed it knows of this silence.
INSERT INTO task (district, kind, danger, words)
SELECT :district, 'feed', :name, :words
WHERE NOT EXISTS (SELECT FROM task t WHERE t.district = :district AND t.kind = 'feed' AND t.danger = :name
                  AND t.closed_at IS NOT NULL AND t.result <> 'not_needed' AND t.since >= :since)
ON CONFLICT (district, danger) WHERE kind = 'feed' AND closed_at IS NULL DO UPDATE SET words = excluded.words;

-- name: drop_silent(district, still)!
UPDATE task SET closed_at = engine_now(), result = 'not_needed', by = 'warnengine'
WHERE district = :district AND kind = 'feed' AND closed_at IS NULL AND danger <> ALL(:still::text[]);

-- name: lags()
-- From issue to receipt of what was new, last seven days, by source. What was issued before a source was there shows
-- nothing of its lag.
WITH first AS (SELECT source, min(received_at) AS at FROM arrival GROUP BY source)
SELECT a.source, count(*)::int AS count,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY a.received_at - w.sent) AS half,
       percentile_disc(0.95) WITHIN GROUP (ORDER BY a.received_at - w.sent) AS most
FROM arrival a JOIN arrival_warning l ON l.arrival = a.id JOIN warning w ON w.id = l.warning
JOIN first ON first.source = a.source
WHERE w.sent >= first.at AND a.received_at > engine_now() - interval '7 days' AND a.verdict = 'new' AND a.source NOT LIKE 'canary/%'
GROUP BY a.source ORDER BY a.source;
