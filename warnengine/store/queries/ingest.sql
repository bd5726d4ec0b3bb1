-- name: add_arrival(source, position, sha256, raw, media_type, verdict, reason, explanation)$
-- Keep the bytes of one arrival; null where this very arrival is already kept (a broker repeats after a crash).
INSERT INTO arrival (source, position, sha256, raw, media_type, verdict, reason, explanation)
VALUES (:source, :position, :sha256, :raw, :media_type, :verdict, :reason, :explanation)
ON CONFLICT (source, position, sha256) DO NOTHING
RETURNING id;

-- name: kept_as(rows)
-- Of readings by number: the key under which the same warning is kept. Nothing of a reading that nobody knows.
SELECT r.n, w.issuer, w.identifier
FROM jsonb_to_recordset(:rows) AS r(n int, issuer text, identifier text)
JOIN warning w ON w.issuer = r.issuer AND w.identifier = r.identifier
UNION ALL
SELECT r.n, w.issuer, w.identifier
FROM jsonb_to_recordset(:rows) AS r(n int, issuer text, identifier text)
JOIN warning_name m ON m.issuer = r.issuer AND m.identifier = r.identifier JOIN warning w ON w.id = m.warning;

-- name: wait_for_sayings(sayings)!
-- Two arrivals of one warning under two names wait for each other.
SELECT pg_advisory_xact_lock(hashtextextended(saying, lock_of(7080)))
FROM (SELECT DISTINCT saying FROM unnest(:sayings::text[]) AS saying ORDER BY saying) AS one;

-- name: twin(number, national, source, sayings)^
-- The warning that is the same under another name: of the same number; or that says the same at the same minute, where
-- the two have not both a national name, and where it was not this source that brought it (that tells them apart).
SELECT w.id, w.issuer, w.identifier FROM warning w
WHERE EXISTS (SELECT FROM warning_saying s WHERE s.warning = w.id AND s.saying = :number)
   OR EXISTS (SELECT FROM warning_saying s WHERE s.warning = w.id AND s.saying = ANY(:sayings::text[]))
  AND NOT EXISTS (SELECT FROM (SELECT w.identifier, w.source
                               UNION ALL SELECT m.identifier, m.source FROM warning_name m WHERE m.warning = w.id) AS known
                  WHERE known.source = :source OR :national AND known.identifier ~ '^[0-9]{14}_[0-9]{14}(_[0-9])?$')
ORDER BY w.id LIMIT 1;

-- name: add_name(issuer, identifier, warning, source)!
INSERT INTO warning_name (issuer, identifier, warning, source) VALUES (:issuer, :identifier, :warning, :source)
ON CONFLICT DO NOTHING;

-- name: add_sayings(rows)!
INSERT INTO warning_saying (saying, warning)
SELECT saying, warning FROM jsonb_to_recordset(:rows) AS r(saying text, warning bigint) ON CONFLICT DO NOTHING;

-- name: meet_warnings(rows, source)
-- Keep warnings, or meet those of the same keys: fresh tells which. Two arrivals of one key wait for each other, and lock
-- in the order of keys. Each key comes once.
INSERT INTO warning (issuer, identifier, sender, sent, status, msg_type, format, headline, description, body,
                     source, meaning, levels, grades, title_only)
SELECT r.issuer, r.identifier, r.sender, r.sent, r.status, r.msg_type, r.format, r.headline, r.description, r.body,
       :source, decode(r.meaning, 'hex'), decode(r.levels, 'hex'), decode(r.grades, 'hex'),
       r.title_only
FROM jsonb_to_recordset(:rows) AS r(issuer text, identifier text, sender text, sent timestamptz, status text,
     msg_type text, format text, headline text, description text, body jsonb, meaning text, levels text, grades text,
     title_only boolean)
ORDER BY r.issuer, r.identifier
ON CONFLICT (issuer, identifier) DO UPDATE SET identifier = excluded.identifier
RETURNING id, xmax = 0 AS fresh, issuer, identifier, source, meaning, levels, grades, title_only;

-- name: enrich(id, headline, description, body, meaning, levels, grades)!
-- The whole text of what only a title was known of.
UPDATE warning SET headline = :headline, description = :description, body = :body, meaning = :meaning,
                   levels = :levels, grades = :grades, title_only = false
WHERE id = :id AND title_only;

-- name: link_arrival(arrival, warnings)!
INSERT INTO arrival_warning (arrival, warning) SELECT :arrival, unnest(:warnings::bigint[]) ON CONFLICT DO NOTHING;

-- name: mark_district(district, arrival, rows)!
-- Let the reconciler of a district take these readings into its cells.
INSERT INTO district_warning (district, warning, arrival, body)
SELECT :district, r.warning, :arrival, r.body FROM jsonb_to_recordset(:rows) AS r(warning bigint, body jsonb)
ON CONFLICT DO NOTHING;

-- name: original(arrival)$
SELECT raw FROM arrival WHERE id = :arrival;

-- name: add_district(code, name)!
INSERT INTO district (code, name) VALUES (:code, :name) ON CONFLICT (code) DO UPDATE SET name = excluded.name;

-- name: ask(district, words, about)*!
-- A question about a message for the duty room; it is put once, also after somebody has closed it.
INSERT INTO task (district, kind, words, about) VALUES (:district, 'unclear', :words, :about)
ON CONFLICT (district, about) WHERE about IS NOT NULL DO NOTHING;

-- name: now()$
SELECT engine_now();
