-- name: due_district()^
-- A district with warnings, decisions or the end of a lowering to take in, locked against other reconcilers, with the hash of its book in force;
-- null when there is none.
SELECT d.code, p.hash AS book FROM district d LEFT JOIN publication p ON p.id = d.publication
WHERE EXISTS (SELECT FROM district_warning w WHERE w.district = d.code AND w.applied_at IS NULL)
   OR EXISTS (SELECT FROM approval a WHERE a.district = d.code AND a.decided_at IS NOT NULL AND a.applied_at IS NULL)
   OR EXISTS (SELECT FROM situation_turn t WHERE t.district = d.code AND t.at <= (SELECT engine_now()))
ORDER BY d.code LIMIT 1 FOR NO KEY UPDATE OF d SKIP LOCKED;

-- name: now()$
SELECT engine_now();

-- name: pending_warnings(district)
-- Readings that the district has not taken in yet, with the moment of their arrival; whether they were issued before a
-- new installation started and came in its first hour; and whether the warning was taken in before. What was issued
-- minutes before the start is told: nobody else may have told it.
SELECT w.warning, w.arrival, w.body, a.received_at,
       coalesce(k.sent < i.found_until - interval '10 minutes'
                AND a.received_at < i.found_until + interval '1 hour', false) AS found,
       EXISTS (SELECT FROM district_warning o WHERE o.district = w.district AND o.warning = w.warning
               AND o.applied_at IS NOT NULL) AS again
FROM district_warning w JOIN arrival a ON a.id = w.arrival JOIN warning k ON k.id = w.warning CROSS JOIN installation i
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

-- name: turned(district, now)!
-- The moments that have come are taken in.
DELETE FROM situation_turn WHERE district = :district AND at <= :now;

-- name: turn(district, at)*!
INSERT INTO situation_turn (district, at) VALUES (:district, :at) ON CONFLICT DO NOTHING;

-- name: standing(district)
-- What stands: the version that counts of each order that has not lapsed.
SELECT o.id AS standing_order, o.unit, o.hazard, o.family, v.version, v.level, v.measures, v.reach, v.book,
       coalesce(o.until, v.not_after) AS ends,
       (SELECT array_agg(DISTINCT seen) FROM order_version w, unnest(w.because) AS seen
        WHERE w.standing_order = o.id) AS seen
FROM standing_order o JOIN order_version v ON v.standing_order = o.id AND v.superseded_at IS NULL
WHERE o.district = :district AND o.lapsed_at IS NULL;

-- name: granted(district)
-- Compulsory measures that an authority has said yes to and that still stand, in the words that were approved: only
-- what the chain has sealed counts.
SELECT o.unit, o.hazard, o.family, i.measure, i.words
FROM approval a JOIN approval_item i ON i.approval = a.id JOIN standing_order o ON o.id = i.standing_order
JOIN sealed_decision s ON s.approval = a.id AND s.decision = 'yes' AND s.sha256 = encode(a.sha256, 'hex')
WHERE (s.items IS NULL OR s.items @> jsonb_build_array(jsonb_build_object('order', o.id, 'measure', i.measure)))
  AND a.district = :district AND a.decision = 'yes' AND i.voided_at IS NULL AND o.lapsed_at IS NULL;

-- name: decisions_applied(district)!
UPDATE approval SET applied_at = engine_now()
WHERE district = :district AND decided_at IS NOT NULL AND applied_at IS NULL;

-- name: identifiers(arrivals)
SELECT DISTINCT w.identifier FROM arrival_warning a JOIN warning w ON w.id = a.warning
WHERE a.arrival = ANY(:arrivals::bigint[]);

-- name: add_change(district, warned_at, because, quiet)$
INSERT INTO change (district, made_at, warned_at, because, quiet, expanded_at)
VALUES (:district, engine_now(), :warned_at, :because::text[], :quiet, CASE WHEN :quiet THEN engine_now() END)
RETURNING id;

-- name: last(district, rows)!
-- What stands lasts until another moment, and nobody is told.
UPDATE standing_order o SET until = r.until
FROM jsonb_to_recordset(:rows) AS r(unit text, hazard text, family text, until timestamptz)
WHERE o.district = :district AND o.lapsed_at IS NULL
  AND (o.unit, o.hazard, o.family) = (r.unit, r.hazard, r.family);

-- name: unmatched(district, rows)!
-- Warnings of which no unit has an order; each is listed once, with the reason of then.
INSERT INTO unmatched (district, issuer, identifier, headline, hazard, family, level, why, sent)
SELECT :district, r.issuer, r.identifier, r.headline, r.hazard, r.family, r.level, r.why, r.sent
FROM jsonb_to_recordset(:rows) AS r(issuer text, identifier text, headline text, hazard text, family text,
     level smallint, why text, sent timestamptz)
ON CONFLICT DO NOTHING;

-- name: open_order(district, unit, hazard, family)$
INSERT INTO standing_order (district, unit, hazard, family, opened_at)
VALUES (:district, :unit, :hazard, :family, engine_now()) RETURNING id;

-- name: lapse_order(standing_order)!
UPDATE standing_order SET lapsed_at = engine_now() WHERE id = :standing_order;

-- name: supersede(standing_orders)!
-- Waits for every intent that holds a version FOR SHARE; after it none can begin. Both lock in the order of ids.
WITH held AS MATERIALIZED (
    SELECT id FROM order_version WHERE standing_order = ANY(:standing_orders::bigint[]) AND superseded_at IS NULL
    ORDER BY id FOR UPDATE
)
UPDATE order_version v SET superseded_at = engine_now() FROM held WHERE v.id = held.id;

-- name: own_end(standing_orders)!
-- A new version has an end of its own.
UPDATE standing_order SET until = NULL WHERE id = ANY(:standing_orders::bigint[]) AND until IS NOT NULL;

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

-- name: change_to_expand()^
-- A change whose people do not all have a bundle yet, locked against other expanders, not against senders.
SELECT id, district, book FROM change WHERE expanded_at IS NULL ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;

-- name: change_expanded(change)!
UPDATE change SET expanded_at = engine_now() WHERE id = :change;

-- name: audience(change, most, leading)
-- The people of a change who have no bundle of it yet, gravest first, then those in leading posts, each with every version that they must
-- know, the bundles that must be settled before, and the addresses to use.
WITH mine AS (
    SELECT v.id, v.standing_order, v.version, v.kind, v.posts, o.unit, o.district
    FROM order_version v JOIN standing_order o ON o.id = v.standing_order
    WHERE v.change = :change AND v.superseded_at IS NULL
), earlier AS MATERIALIZED (
    -- every bundle that carries an earlier version of these orders, escalations included; all are stale by now, so
    -- no attempt can be added to them
    SELECT v.id AS version, v.kind, w.version AS number, ob.person, ob.state, b.id AS bundle, b.purpose, b.versions,
           b.posts, b.follows,
           reached(b.id) AS reached,
           (SELECT true FROM delivery_event x WHERE x.delivery BETWEEN b.id AND b.id + 15
            AND x.what IN ('accepted', 'delivered', 'unknown') LIMIT 1) IS NOT NULL AS taken
    FROM mine v JOIN order_version w ON w.standing_order = v.standing_order AND w.version < v.version
    JOIN obligation ob ON ob.version = w.id
    JOIN bundle b ON b.district = ob.district AND b.person = ob.person AND b.change >= w.change
                 AND w.id = ANY (b.versions) AND b.approval IS NULL
), newest AS (
    SELECT DISTINCT ON (version, person) version, person, state FROM earlier ORDER BY version, person, number DESC
), called AS MATERIALIZED (
    SELECT v.id AS version, d.person, d.unit || '/' || d.post AS post
    FROM mine v JOIN on_duty(engine_now()) d
      ON d.district = v.district AND d.unit = v.unit AND d.post = ANY (v.posts)
    WHERE v.kind IN ('issue', 'update', 'reopen')
), busy AS (
    -- who is at it already is not called again by an order that only stands again
    SELECT c.version, c.person, c.post
    FROM called c JOIN mine v ON v.id = c.version AND v.kind = 'reopen'
    WHERE (c.version, c.person) IN (SELECT version, person FROM newest WHERE state IN ('acting', 'done'))
), told AS (
    -- whom an earlier version may have reached
    SELECT version, person, NULL::text AS post FROM earlier WHERE kind IN ('update', 'lapse') AND reached
), absorbed AS (
    -- what else stands in a bundle that goes stale now: it moves into this one where the person is still asked for
    -- an answer, or where no gateway took the older bundle
    SELECT v.id AS version, e.person, held.post
    FROM earlier e CROSS JOIN unnest(e.versions) AS x(version)
    -- one by one: a planner that takes the table for empty would read all of it for each
    CROSS JOIN LATERAL (SELECT ob.chased FROM obligation ob
                        WHERE ob.version = x.version AND ob.person = e.person AND ob.state IN ('open', 'reached')
                        OFFSET 0) AS ob
    JOIN order_version v ON v.id = x.version AND v.superseded_at IS NULL AND v.change <> :change
    JOIN standing_order o ON o.id = v.standing_order
    LEFT JOIN unnest(e.posts) AS held(post) ON split_part(held.post, '/', 1) = o.unit
    WHERE e.purpose = 'order' AND (ob.chased OR NOT e.taken)
), asked AS MATERIALIZED (
    -- once, whatever the planner thinks of the tables: it would do all this anew for every row of one that it
    -- takes for empty
    SELECT * FROM called EXCEPT SELECT * FROM busy
    UNION ALL SELECT * FROM told UNION ALL SELECT * FROM absorbed
), people AS MATERIALIZED (
    SELECT k.person, array_agg(DISTINCT k.version ORDER BY k.version) AS versions,
           coalesce(array_agg(DISTINCT k.post) FILTER (WHERE k.post IS NOT NULL), '{}') AS posts,
           max(coalesce(v.level, v.before)) AS level,
           coalesce(bool_or(split_part(k.post, '/', 2) = ANY(:leading::text[])), false) AS leads,
           -- as long as one of its orders lasts: a red must not be dropped because a blue beside it has ended
           coalesce(max(v.not_after) FILTER (WHERE v.kind <> 'lapse'), max(v.not_after)) AS not_after,
           CASE WHEN bool_and(v.kind = 'lapse') THEN 'lapse' WHEN bool_and(v.kind = 'reopen') THEN 'reopen'
                WHEN bool_and(v.kind = 'issue') THEN 'issue' ELSE 'update' END AS kind
    FROM asked k JOIN order_version v ON v.id = k.version
    WHERE NOT EXISTS (SELECT FROM bundle b WHERE b.change = :change AND b.person = k.person AND b.purpose = 'order')
    GROUP BY k.person ORDER BY level DESC, leads DESC, k.person LIMIT :most
), ended AS MATERIALIZED (
    -- all-clears of the last day of what is ordered anew now: a new order must not be heard before the end of the old
    SELECT b.person, b.id AS bundle
    FROM mine v JOIN standing_order n ON n.id = v.standing_order AND v.kind = 'issue'
    JOIN standing_order o ON o.district = n.district AND o.unit = n.unit AND o.hazard = n.hazard AND o.family = n.family
                         AND o.id < n.id AND o.lapsed_at > (SELECT engine_now() - interval '1 day')
    JOIN order_version w ON w.standing_order = o.id AND w.kind = 'lapse'
    JOIN bundle b ON b.change = w.change AND b.purpose = 'order' AND w.id = ANY (b.versions)
), unsettled AS MATERIALIZED (
    SELECT x.person, array_agg(DISTINCT x.bundle) AS bundles
    FROM (SELECT e.person, x.bundle FROM earlier e, unnest(e.bundle || e.follows) AS x(bundle)
          UNION SELECT person, bundle FROM ended) AS x
    WHERE unsettled(x.bundle) GROUP BY x.person
), ways AS MATERIALIZED (
    -- every channel of the level, and every way that an earlier version went, the ladder's calls excepted; the
    -- last two places are kept for such calls, by voice and by hand
    SELECT person, (array_agg(channel || ' ' || address ORDER BY channel DESC, address))[1 : 14] AS addresses
    FROM (SELECT p.person, w.channel, w.address
          FROM people p JOIN change c ON c.id = :change
          JOIN way w ON w.district = c.district AND w.person = p.person
          WHERE w.channel = 'call'
             OR EXISTS (SELECT FROM order_version v WHERE v.id = ANY (p.versions) AND w.channel = ANY (v.channels))
          UNION
          SELECT e.person, d.channel, d.address
          FROM earlier e JOIN delivery d ON d.id BETWEEN e.bundle AND e.bundle + 15
          WHERE e.reached AND (SELECT true FROM possibly_reached r WHERE r.delivery = d.id LIMIT 1) IS NOT NULL
            AND d.channel <> 'voice'
            AND (d.channel <> 'call' OR EXISTS (SELECT FROM change c JOIN way w ON w.district = c.district
                                                WHERE c.id = :change AND w.person = e.person AND w.channel = 'call'))) AS way
    GROUP BY person
), facts AS (
    -- joined by grouping: the planner takes such lists for short, and would compare each with each
    SELECT person, versions, posts, level, leads, kind, not_after, NULL::bigint[] AS follows, NULL::text[] AS addresses
    FROM people
    UNION ALL SELECT person, NULL, NULL, NULL, NULL, NULL, NULL, bundles, NULL FROM unsettled
    UNION ALL SELECT person, NULL, NULL, NULL, NULL, NULL, NULL, NULL, addresses FROM ways
), known AS (
    SELECT person, max(versions) AS versions, max(posts) AS posts, max(level) AS level, bool_or(leads) AS leads,
           max(kind) AS kind, max(not_after) AS not_after, max(follows) AS follows, max(addresses) AS addresses
    FROM facts GROUP BY person HAVING max(versions) IS NOT NULL
)
SELECT p.person, p.versions, p.posts, p.level, p.kind, p.not_after, c.district,
       coalesce(p.follows, '{}') AS follows, coalesce(p.addresses, '{}') AS addresses,
       coalesce((SELECT array_agg(v.id ORDER BY v.id) FROM order_version v
                 WHERE v.id = ANY (p.versions) AND v.kind IN ('update', 'reopen')
                   AND heard_of(c.district, p.person, v.standing_order, v.version)), '{}') AS known
FROM known p JOIN change c ON c.id = :change
ORDER BY p.level DESC, p.leads DESC, p.person;

-- name: add_text(change, versions, known, purpose, short, subject, body, html, sha256, notes, items)$
INSERT INTO text (change, versions, known, purpose, short, subject, body, html, sha256, notes, items)
VALUES (:change, :versions::bigint[], :known::bigint[], :purpose, :short, :subject, :body, :html, :sha256, :notes,
        :items::text[])
ON CONFLICT (change, purpose, versions, known) WHERE purpose = 'order' DO UPDATE SET notes = text.notes
RETURNING id;

-- name: next_bundles(count)
SELECT next_bundle() AS id FROM generate_series(1, :count::int);

-- name: add_obligations(bundles, counting)!
-- One per order version and person; a version that moved from a stale bundle now points at this one. Chased is who
-- holds a post of the unit; nobody is chased about an all-clear, and no loudspeaker.
INSERT INTO obligation (version, district, person, bundle, chased, counts)
SELECT v.id, b.district, b.person, b.id,
       v.kind <> 'lapse' AND EXISTS (SELECT FROM unnest(b.posts) AS post WHERE split_part(post, '/', 1) = o.unit)
           AND NOT is_loudspeaker(b.district, b.person),
       v.id = ANY(:counting::bigint[])
FROM bundle b JOIN order_version v ON v.id = ANY (b.versions) JOIN standing_order o ON o.id = v.standing_order
WHERE b.id = ANY(:bundles::bigint[])
ON CONFLICT (version, person) DO UPDATE SET bundle = excluded.bundle;

-- name: add_chunk(channel, lane, after)$
INSERT INTO chunk (channel, lane, purpose, number, due) VALUES (:channel, :lane, 'first', 1, engine_now() + :after::interval)
RETURNING id;

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
