-- name: keep(gateways, hashes, raws, ids, addresses, fates, codes, matched)
-- Keep receipts; those whose very bytes are kept already do not come back. Receipts lie in months: what is kept in this one
-- is found by its key, what was kept in the month before is looked for. No gateway repeats itself for longer.
INSERT INTO receipt (gateway, sha256, raw, provider_id, address, fate, code, matched_at)
SELECT gateway, sha256, raw, id, address, fate, code, CASE WHEN matched THEN clock_timestamp() END
FROM unnest(:gateways::text[], :hashes::bytea[], :raws::bytea[], :ids::text[], :addresses::text[], :fates::text[],
            :codes::text[], :matched::boolean[]) AS said(gateway, sha256, raw, id, address, fate, code, matched)
WHERE NOT EXISTS (SELECT FROM receipt r WHERE r.gateway = said.gateway AND r.sha256 = said.sha256
                  AND r.id >= (SELECT month_begin((now() AT TIME ZONE 'UTC' - interval '1 month')::date))
                  AND r.id < (SELECT month_begin((now() AT TIME ZONE 'UTC')::date))
                  OFFSET 0)                                         -- never with all that was kept
ON CONFLICT DO NOTHING
RETURNING id, gateway, sha256;

-- name: any_parked()$
SELECT EXISTS (SELECT FROM receipt WHERE matched_at IS NULL AND received_at > (SELECT clock_timestamp() - interval '24 hours'));

-- name: parked_lately(within)
-- Receipts without a message that came a moment ago.
SELECT id, provider_id FROM receipt
WHERE matched_at IS NULL AND received_at > (SELECT clock_timestamp() - :within::interval)
ORDER BY id FOR UPDATE SKIP LOCKED;

-- name: unconfirmed(within)
-- Messages accepted lately of which nothing is known: a receipt may have come before the answer to their submit.
SELECT gateway, provider_id FROM part
WHERE fate IS NULL AND accepted_at > (SELECT clock_timestamp() - :within::interval);

-- name: parked(gateways, spellings)
-- Receipts without a message that may speak of one of these.
SELECT id, provider_id FROM receipt WHERE id IN (
    SELECT r.id FROM unnest(:gateways::text[], :spellings::text[]) AS part(gateway, spelling)
    JOIN receipt r ON r.gateway = part.gateway AND bare_id(r.provider_id) = bare_id(part.spelling)
    WHERE r.matched_at IS NULL AND r.received_at > clock_timestamp() - interval '24 hours')
ORDER BY id FOR UPDATE SKIP LOCKED;

-- name: match(receipts, spellings)
-- For each receipt the newest part under one of its spellings, to its address where the gateway names one: ids are
-- reused. Lateral, so that the plan is always one look into the index for each.
SELECT r.id, r.gateway, r.fate, r.code, p.provider_id, p.delivery, p.number, p.part
FROM (SELECT id, array_agg(spelling) AS spellings
      FROM unnest(:receipts::bigint[], :spellings::text[]) AS pair(id, spelling) GROUP BY id) AS said
CROSS JOIN LATERAL (SELECT * FROM receipt WHERE id = said.id LIMIT 1) AS r
CROSS JOIN LATERAL (
    SELECT * FROM part WHERE gateway = r.gateway AND provider_id = ANY(said.spellings)
       AND accepted_at > (SELECT clock_timestamp() - interval '4 days')
       AND (r.address = '' OR same_address(address, r.address))
    ORDER BY accepted_at DESC LIMIT 1) AS p;

-- name: lock(deliveries, numbers)
-- All parts of these messages, in one order: receipts of the parts of one message come at the same moment, and
-- whoever settles the last one must see the others.
SELECT p.part FROM part p JOIN unnest(:deliveries::bigint[], :numbers::smallint[]) AS m(delivery, number)
  ON p.delivery = m.delivery AND p.number = m.number
ORDER BY p.delivery, p.number, p.part FOR UPDATE OF p;

-- name: note(gateways, ids, deliveries, numbers, parts, fates)!
-- What became of each part; delivered outweighs failed, whichever comes first.
UPDATE part p SET fate = said.fate
FROM (SELECT gateway, provider_id, delivery, number, part, min(fate) AS fate
      FROM unnest(:gateways::text[], :ids::text[], :deliveries::bigint[], :numbers::smallint[], :parts::smallint[],
                  :fates::text[]) AS m(gateway, provider_id, delivery, number, part, fate)
      WHERE fate IN ('delivered', 'failed') GROUP BY gateway, provider_id, delivery, number, part) AS said
WHERE p.gateway = said.gateway AND p.provider_id = said.provider_id AND p.delivery = said.delivery
  AND p.number = said.number AND p.part = said.part AND (p.fate IS NULL OR p.fate = 'failed');

-- name: settle(deliveries, numbers, fates, codes)
-- Messages all of whose parts are known now: one event for what became of each, with the code of what failed.
INSERT INTO delivery_event (delivery, number, what, gateway, detail)
SELECT done.delivery, done.number, done.what, done.gateway, done.code
FROM (SELECT m.delivery, m.number, min(p.gateway) AS gateway,
             coalesce(max(m.code) FILTER (WHERE m.fate = 'failed'), max(m.code)) AS code,
             CASE WHEN bool_and(p.fate = 'delivered') THEN 'delivered' ELSE 'undelivered' END AS what
      FROM unnest(:deliveries::bigint[], :numbers::smallint[], :fates::text[], :codes::text[])
           AS m(delivery, number, fate, code)
      JOIN part p ON p.delivery = m.delivery AND p.number = m.number
      GROUP BY m.delivery, m.number HAVING bool_and(p.fate IS NOT NULL)) AS done
WHERE NOT EXISTS (SELECT FROM delivery_event e WHERE e.delivery = done.delivery AND e.number = done.number
                  AND e.what = done.what)
RETURNING delivery, what, detail, gateway,
          what = 'delivered' AND EXISTS (SELECT FROM delivery_event e WHERE e.delivery = delivery_event.delivery
                                         AND e.what = 'undelivered') AS after_all;

-- name: tell_after_all(bundles)!
-- Who has got after all what was reported undelivered must hear what has followed it meanwhile: people are looked for
-- again. An expansion that is under way is waited for: it may not have seen this.
UPDATE change SET expanded_at = NULL
WHERE id IN (SELECT newer.change FROM bundle b JOIN order_version v ON v.id = ANY (b.versions)
             JOIN order_version newer ON newer.standing_order = v.standing_order AND newer.version > v.version
                                     AND newer.superseded_at IS NULL
             WHERE b.id = ANY(:bundles::bigint[]) AND b.approval IS NULL
               AND NOT EXISTS (SELECT FROM bundle n WHERE n.change = newer.change AND n.person = b.person
                               AND n.purpose = 'order'));

-- name: reached(bundles)!
-- In one order, for another process may have receipts of the same people.
WITH reached AS (
    SELECT o.version, o.person FROM bundle b JOIN obligation o ON o.version = ANY (b.versions) AND o.person = b.person
    WHERE b.id = ANY(:bundles::bigint[]) AND o.state = 'open' ORDER BY o.version, o.person FOR UPDATE OF o
)
UPDATE obligation o SET state = 'reached', reached_at = engine_now()
FROM reached WHERE o.version = reached.version AND o.person = reached.person;

-- name: matched(receipts)!
UPDATE receipt SET matched_at = clock_timestamp() WHERE id = ANY(:receipts::bigint[]);

-- name: silence(after)
-- Accepted, a receipt was promised, and none came in time; late ones still count.
INSERT INTO delivery_event (delivery, number, what, gateway)
SELECT DISTINCT p.delivery, p.number, 'silent', p.gateway
FROM part p JOIN delivery_event e ON e.delivery = p.delivery AND e.number = p.number AND e.what = 'accepted'
WHERE p.fate IS NULL AND p.accepted_at > (SELECT clock_timestamp() - interval '2 days')
  AND e.at < (SELECT engine_now() - :after::interval)
  AND NOT EXISTS (SELECT FROM delivery_event l WHERE l.delivery = p.delivery AND l.number = p.number
                  AND l.what IN ('silent', 'delivered', 'undelivered'))
RETURNING delivery, gateway;

-- name: note_silence(deliveries, numbers, gateway)!
INSERT INTO delivery_event (delivery, number, what, gateway)
SELECT DISTINCT m.delivery, m.number, 'silent', :gateway FROM unnest(:deliveries::bigint[], :numbers::smallint[]) AS m(delivery, number)
WHERE NOT EXISTS (SELECT FROM delivery_event l WHERE l.delivery = m.delivery AND l.number = m.number
                  AND l.what IN ('silent', 'delivered', 'undelivered'));

-- name: black_holes(after)
-- Gateways, and prefixes of mainland mobiles at them, that took ten messages or more in the last ten minutes and
-- confirmed hardly any, and did confirm in the two hours before, or took nothing then.
WITH message AS (
    SELECT gateway, delivery, number, bool_and(fate IS NULL) AS missing,
           max(accepted_at) > (SELECT clock_timestamp() - interval '10 minutes') AS lately,
           substring(right(regexp_replace(min(address), '\D', '', 'g'), 11) FROM '^(1\d{6})\d{4}$') AS prefix
    FROM part WHERE accepted_at > (SELECT clock_timestamp() - interval '2 hours')
                AND accepted_at < (SELECT clock_timestamp() - :after::interval)
    GROUP BY gateway, delivery, number
)
SELECT gateway, CASE WHEN grouping(prefix) = 1 THEN '' ELSE prefix END AS prefix,
       array_agg(delivery) FILTER (WHERE missing AND lately) AS lost,
       array_agg(number) FILTER (WHERE missing AND lately) AS numbers
FROM message GROUP BY GROUPING SETS ((gateway), (gateway, prefix))
HAVING count(*) FILTER (WHERE lately) >= 10 AND (grouping(prefix) = 1 OR prefix IS NOT NULL)
   AND avg(missing::int) FILTER (WHERE lately) >= 0.9 AND coalesce(avg(missing::int) FILTER (WHERE NOT lately), 0) < 0.5
ORDER BY gateway, prefix;
