-- name: add_arrival(source, position, sha256, raw, media_type, verdict, reason, explanation)$
-- Keep the bytes of one arrival; null where this very arrival is already kept (a broker repeats after a crash).
INSERT INTO arrival (source, position, sha256, raw, media_type, verdict, reason, explanation)
VALUES (:source, :position, :sha256, :raw, :media_type, :verdict, :reason, :explanation)
ON CONFLICT (source, position, sha256) DO NOTHING
RETURNING id;

-- name: meet_warning(issuer, identifier, sender, sent, status, msg_type, format, headline, description, body, source, meaning, levels)^
-- Keep a warning, or meet the one of the same key: fresh tells which. Two arrivals of one key wait for each other.
INSERT INTO warning (issuer, identifier, sender, sent, status, msg_type, format, headline, description, body,
                     source, meaning, levels)
VALUES (:issuer, :identifier, :sender, :sent, :status, :msg_type, :format, :headline, :description, :body,
        :source, :meaning, :levels)
ON CONFLICT (issuer, identifier) DO UPDATE SET identifier = excluded.identifier
RETURNING id, xmax = 0 AS fresh, source, meaning, levels;

-- name: link_arrival(arrival, warning)!
INSERT INTO arrival_warning (arrival, warning) VALUES (:arrival, :warning) ON CONFLICT DO NOTHING;

-- name: mark_district(district, warning, arrival, body)!
-- Let the reconciler of a district take this reading of a warning into its cells.
INSERT INTO district_warning (district, warning, arrival, body)
VALUES (:district, :warning, :arrival, :body) ON CONFLICT DO NOTHING;

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
