-- name: due_district()$
-- A district with warnings or decisions to take in, locked against other reconcilers; null when there is none.
SELECT code FROM district d
WHERE EXISTS (SELECT FROM district_warning w WHERE w.district = d.code AND w.applied_at IS NULL)
   OR EXISTS (SELECT FROM approval a WHERE a.district = d.code AND a.decided_at IS NOT NULL AND a.applied_at IS NULL)
ORDER BY code LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;

-- name: now()$
SELECT engine_now();

-- name: pending_warnings(district)
-- Readings that the district has not taken in yet, with the moment of their arrival.
SELECT w.warning, w.arrival, w.body, a.received_at
FROM district_warning w JOIN arrival a ON a.id = w.arrival
WHERE w.district = :district AND w.applied_at IS NULL ORDER BY w.arrival;

-- name: warnings_applied(district, arrivals)!
UPDATE district_warning SET applied_at = engine_now()
WHERE district = :district AND arrival = ANY(:arrivals::bigint[]) AND applied_at IS NULL;

-- name: cells(district)
SELECT area, hazard, family, statements FROM cell WHERE district = :district;

-- name: save_cell(district, area, hazard, family, statements)*!
INSERT INTO cell (district, area, hazard, family, statements)
VALUES (:district, :area, :hazard, :family, :statements)
ON CONFLICT (district, area, hazard, family) DO UPDATE SET statements = excluded.statements;

-- name: standing(district)
-- What stands: the version that counts of each order that has not lapsed.
SELECT o.id AS standing_order, o.unit, o.hazard, o.family, v.version, v.level, v.measures, v.reach, v.book,
       (SELECT array_agg(DISTINCT seen) FROM order_version w, unnest(w.because) AS seen
        WHERE w.standing_order = o.id) AS seen
FROM standing_order o JOIN order_version v ON v.standing_order = o.id AND v.superseded_at IS NULL
WHERE o.district = :district AND o.lapsed_at IS NULL;

-- name: granted(district)
-- Compulsory measures that an authority has said yes to and that still stand.
SELECT o.unit, o.hazard, o.family, i.measure
FROM approval a JOIN approval_item i ON i.approval = a.id JOIN standing_order o ON o.id = i.standing_order
WHERE a.district = :district AND a.decision = 'yes' AND i.voided_at IS NULL AND o.lapsed_at IS NULL;

-- name: decisions_applied(district)!
UPDATE approval SET applied_at = engine_now()
WHERE district = :district AND decided_at IS NOT NULL AND applied_at IS NULL;

-- name: add_change(district, warned_at, because)$
INSERT INTO change (district, made_at, warned_at, because)
VALUES (:district, engine_now(), :warned_at, :because::text[]) RETURNING id;

-- name: open_order(district, unit, hazard, family)$
INSERT INTO standing_order (district, unit, hazard, family, opened_at)
VALUES (:district, :unit, :hazard, :family, engine_now()) RETURNING id;

-- name: lapse_order(standing_order)!
UPDATE standing_order SET lapsed_at = engine_now() WHERE id = :standing_order;

-- name: supersede(standing_order)!
-- Waits for every intent that holds the version FOR SHARE; after it none can begin.
UPDATE order_version SET superseded_at = engine_now() WHERE standing_order = :standing_order AND superseded_at IS NULL;

-- name: add_version(standing_order, version, change, kind, before, level, measures, reach, because, posts, channels, book, made_at, not_after)$
INSERT INTO order_version (standing_order, version, change, kind, before, level, measures, reach, because, posts,
                           channels, book, made_at, not_after)
VALUES (:standing_order, :version, :change, :kind, :before, :level, :measures, :reach, :because::text[],
        :posts::text[], :channels::text[], :book, :made_at, :not_after)
RETURNING id;

-- name: close_obligations(standing_order)!
-- An order has lapsed: what was never reached ends silently, what was reached keeps its history.
UPDATE obligation SET state = 'lapsed', closed_at = engine_now()
WHERE version IN (SELECT id FROM order_version WHERE standing_order = :standing_order)
  AND state IN ('open', 'reached');

-- name: versions(ids)
SELECT v.id, o.unit, o.hazard, o.family, v.standing_order, v.version, v.kind, v.before, v.level, v.measures, v.reach,
       v.because, v.posts, v.channels, v.book, v.made_at, v.not_after
FROM order_version v JOIN standing_order o ON o.id = v.standing_order WHERE v.id = ANY(:ids::bigint[]);

-- name: change_to_expand()$
-- A change whose people do not all have a bundle yet, locked against other expanders.
SELECT id FROM change WHERE expanded_at IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: change_expanded(change)!
UPDATE change SET expanded_at = engine_now() WHERE id = :change;

-- name: audience(change, most)
-- The people of a change who have no bundle of it yet, gravest first, each with every version that they must
-- know, the bundles that must be settled before, and the addresses to use.
WITH mine AS (
    SELECT v.*, o.unit, o.district FROM order_version v JOIN standing_order o ON o.id = v.standing_order
    WHERE v.change = :change AND (v.superseded_at IS NULL)
), earlier AS (
    -- everyone whom an earlier version of the same order may have reached
    SELECT v.id AS version, ob.person, ob.bundle, ob.state, w.version AS number
    FROM mine v JOIN order_version w ON w.standing_order = v.standing_order AND w.version < v.version
    JOIN obligation ob ON ob.version = w.id
), called AS (
    SELECT v.id AS version, d.person, d.unit || '/' || d.post AS post, true AS chased
    FROM mine v JOIN on_duty(engine_now()) d
      ON d.district = v.district AND d.unit = v.unit AND d.post = ANY (v.posts)
    WHERE v.kind IN ('issue', 'update')
       OR v.kind = 'reopen' AND NOT EXISTS (
              SELECT FROM earlier e WHERE e.version = v.id AND e.person = d.person AND e.state IN ('acting', 'done')
                AND e.number = (SELECT max(number) FROM earlier l WHERE l.version = v.id AND l.person = d.person))
    UNION ALL
    SELECT e.version, e.person, NULL, false
    FROM earlier e JOIN mine v ON v.id = e.version
    WHERE v.kind IN ('update', 'lapse')
      AND EXISTS (SELECT FROM attempt a WHERE a.delivery BETWEEN e.bundle AND e.bundle + 15)
), absorbed AS (
    -- an older bundle of the person goes stale with this change before any gateway took it: what else stood in
    -- it moves into this one
    SELECT other.id AS version, e.person, NULL::text AS post, true AS chased
    FROM earlier e JOIN bundle b ON b.id = e.bundle
    JOIN order_version other ON other.id = ANY (b.versions) AND other.superseded_at IS NULL AND other.change <> :change
    WHERE e.person IN (SELECT person FROM called)
      AND NOT EXISTS (SELECT FROM delivery_event x WHERE x.delivery BETWEEN b.id AND b.id + 15
                      AND x.what IN ('accepted', 'delivered', 'unknown'))
), people AS (
    SELECT person, array_agg(DISTINCT version ORDER BY version) AS versions,
           coalesce(array_agg(DISTINCT post) FILTER (WHERE post IS NOT NULL), '{}') AS posts, bool_or(chased) AS chased
    FROM (SELECT * FROM called UNION ALL SELECT * FROM absorbed) AS all_of_them
    WHERE NOT EXISTS (SELECT FROM bundle b WHERE b.change = :change AND b.person = all_of_them.person
                      AND b.purpose = 'order')
    GROUP BY person
)
SELECT p.person, p.versions, p.posts, facts.level, facts.kind, facts.not_after, facts.district,
       coalesce(before.bundles, '{}') AS follows, coalesce(ways.addresses, '{}') AS addresses
FROM people p
CROSS JOIN LATERAL (
    SELECT max(coalesce(v.level, v.before)) AS level, max(v.not_after) AS not_after, min(o.district) AS district,
           CASE WHEN bool_and(v.kind = 'lapse') THEN 'lapse' WHEN bool_and(v.kind = 'reopen') THEN 'reopen'
                WHEN bool_and(v.kind = 'issue') THEN 'issue' ELSE 'update' END AS kind,
           array_agg(DISTINCT c) AS channels
    FROM order_version v JOIN standing_order o ON o.id = v.standing_order, unnest(v.channels) AS c
    WHERE v.id = ANY (p.versions)) facts
CROSS JOIN LATERAL (
    SELECT array_agg(DISTINCT e.bundle) AS bundles FROM earlier e
    WHERE e.person = p.person AND e.version = ANY (p.versions)) before
CROSS JOIN LATERAL (
    SELECT array_agg(channel || ' ' || address ORDER BY channel DESC, address) AS addresses FROM (
        SELECT a.channel, a.address FROM address a
        WHERE a.district = facts.district AND a.person = p.person AND a.retired_at IS NULL
          AND a.channel = ANY (facts.channels)
        UNION
        SELECT d.channel, d.address FROM delivery d
        WHERE d.bundle = ANY (before.bundles)
          AND EXISTS (SELECT FROM attempt t WHERE t.delivery = d.id) LIMIT 16) AS way) ways
ORDER BY facts.level DESC, p.person LIMIT :most;

-- name: add_text(change, versions, purpose, short, subject, body, html, sha256, notes)$
INSERT INTO text (change, versions, purpose, short, subject, body, html, sha256, notes)
VALUES (:change, :versions::bigint[], :purpose, :short, :subject, :body, :html, :sha256, :notes)
ON CONFLICT (change, purpose, versions) DO UPDATE SET notes = text.notes
RETURNING id;

-- name: next_bundles(count)
SELECT next_bundle() AS id FROM generate_series(1, :count::int);

-- name: add_bundle(id, district, change, person, purpose, kind, level, versions, text, posts, code, behalf, follows, not_after)*!
INSERT INTO bundle (id, district, change, person, purpose, kind, level, lane, versions, text, posts, code, behalf,
                    follows, made_at, not_after)
VALUES (:id, :district, :change, :person, :purpose, :kind, :level::smallint, 4 - :level::smallint, :versions::bigint[],
        :text, :posts::text[], :code, :behalf, :follows::bigint[], engine_now(), :not_after);

-- name: add_obligations(bundles, counting)!
-- One per order version and person; a version that moved from a stale bundle now points at this one.
INSERT INTO obligation (version, district, person, bundle, chased, counts)
SELECT v, b.district, b.person, b.id, b.kind <> 'lapse' AND cardinality(b.posts) > 0, v = ANY(:counting::bigint[])
FROM bundle b, unnest(b.versions) AS v WHERE b.id = ANY(:bundles::bigint[])
ON CONFLICT (version, person) DO UPDATE SET bundle = excluded.bundle;

-- name: add_chunk(channel, lane)$
INSERT INTO chunk (channel, lane, purpose, number, due) VALUES (:channel, :lane, 'first', 1, engine_now()) RETURNING id;

-- name: add_timer(bundle, step, act, due)*!
INSERT INTO timer (bundle, step, act, due) VALUES (:bundle, :step, :act, :due) ON CONFLICT DO NOTHING;

-- name: add_task(district, kind, bundle, person, words)!
INSERT INTO task (district, kind, bundle, person, words) VALUES (:district, :kind, :bundle, :person, :words)
ON CONFLICT DO NOTHING;

-- name: announce(type, subject, data)!
-- An event for the outbox, in the transaction that makes it true.
INSERT INTO outbox (type, subject, data) VALUES (:type, :subject, :data);

-- name: audit(kind, body)!
SELECT audit_append(:kind, :body);

-- name: publish_book(hash, files)!
INSERT INTO rule_book (hash, files) VALUES (:hash, :files) ON CONFLICT (hash) DO NOTHING;
