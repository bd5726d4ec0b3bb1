-- name: keep_receipt(gateway, sha256, raw, provider_id, address, fate, code)$
-- Null where these very bytes are kept already.
INSERT INTO receipt (gateway, sha256, raw, provider_id, address, fate, code)
VALUES (:gateway, :sha256, :raw, :provider_id, :address, :fate, :code)
ON CONFLICT (gateway, sha256) DO NOTHING RETURNING id;

-- name: find_part(gateway, ids, address)^
-- The newest part under one of these spellings, to this address where the gateway names one: ids are reused.
SELECT provider_id, delivery, number, part, parts FROM part
WHERE gateway = :gateway AND provider_id = ANY(:ids::text[]) AND (:address = '' OR same_address(address, :address))
  AND accepted_at > clock_timestamp() - interval '4 days'
ORDER BY accepted_at DESC LIMIT 1;

-- name: lock_parts(delivery, number)
-- All parts of a message, in one order: receipts of its parts come at the same moment, and whoever settles the last
-- one must see the others.
SELECT part FROM part WHERE delivery = :delivery AND number = :number ORDER BY part FOR UPDATE;

-- name: part_fate(gateway, provider_id, delivery, number, part, fate)!
-- Delivered outweighs failed, whichever comes first.
UPDATE part SET fate = :fate
WHERE gateway = :gateway AND provider_id = :provider_id AND delivery = :delivery AND number = :number AND part = :part
  AND (fate IS NULL OR fate = 'failed');

-- name: message_fate(delivery, number)$
-- What became of the whole message: null while a part is unknown.
SELECT CASE WHEN count(*) FILTER (WHERE fate IS NULL) > 0 THEN NULL
            WHEN bool_and(fate = 'delivered') THEN 'delivered' ELSE 'undelivered' END
FROM part WHERE delivery = :delivery AND number = :number;

-- name: add_event(delivery, number, what, gateway, detail)!
INSERT INTO delivery_event (delivery, number, what, gateway, detail)
SELECT :delivery, :number, :what, :gateway, :detail
WHERE NOT EXISTS (SELECT FROM delivery_event WHERE delivery = :delivery AND number = :number AND what = :what);

-- name: reached(bundle)!
UPDATE obligation o SET state = 'reached', reached_at = engine_now()
FROM bundle b WHERE b.id = :bundle AND o.version = ANY (b.versions) AND o.person = b.person AND o.state = 'open';

-- name: receipt_matched(id)!
UPDATE receipt SET matched_at = clock_timestamp() WHERE id = :id;

-- name: parked(most)
SELECT id, gateway, provider_id, address, fate, code FROM receipt
WHERE matched_at IS NULL AND received_at > clock_timestamp() - interval '24 hours'
ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED;

-- name: keep_reply(gateway, address, line, words, raw, bundle, verdict)!
INSERT INTO reply (gateway, address, line, words, raw, bundle, verdict)
VALUES (:gateway, :address, :line, :words, :raw, :bundle, :verdict);

-- name: last_to(channel, address)^
-- The bundle last sent to an address, with its person. A number may have had several owners.
SELECT b.id AS bundle, b.district, b.person, b.purpose
FROM address a JOIN bundle b ON b.district = a.district AND b.person = a.person
JOIN delivery d ON d.id BETWEEN b.id AND b.id + 15 AND d.channel = a.channel AND d.address = a.address
JOIN attempt t ON t.delivery = d.id
WHERE a.channel = :channel AND same_address(a.address, :address)
ORDER BY t.intended_at DESC, d.id DESC LIMIT 1;

-- name: bundle_by_code(code)^
SELECT b.id AS bundle, b.district, b.person, b.purpose FROM bundle b WHERE b.code = :code;

-- name: obligations(bundle)
-- The business of a bundle: its reader's own, and that of the silent one for whom the reader may answer.
SELECT o.version, o.person, o.counts AND o.state IN ('open', 'reached', 'acked', 'acting') AS counting
FROM bundle b LEFT JOIN bundle silent ON silent.id = b.behalf AND b.stands_in
JOIN obligation o ON o.version = ANY (b.versions) AND o.person IN (b.person, silent.person)
WHERE b.id = :bundle ORDER BY o.version, o.person FOR UPDATE OF o;

-- name: counting(district, person)
-- Every open obligation of a person that asks for a number.
SELECT o.version, o.person FROM obligation o JOIN bundle b ON b.id = o.bundle
WHERE b.district = :district AND b.person = :person
  AND o.counts AND o.state IN ('open', 'reached', 'acked', 'acting');

-- name: hold_person(district, person)!
-- One answer of a person at a time.
SELECT FROM person WHERE district = :district AND key = :person FOR NO KEY UPDATE;

-- name: raise_obligation(version, person, state, number)!
-- Answers only rise; what is closed stays closed.
UPDATE obligation SET state = :state, number = coalesce(:number, number),
    acked_at = coalesce(acked_at, engine_now()),
    acting_at = CASE WHEN :state IN ('acting', 'done') THEN coalesce(acting_at, engine_now()) ELSE acting_at END,
    done_at = CASE WHEN :state = 'done' THEN coalesce(done_at, engine_now()) ELSE done_at END
WHERE version = :version AND person = :person
  AND array_position(ARRAY['open', 'reached', 'acked', 'acting', 'done'], state)
    < array_position(ARRAY['open', 'reached', 'acked', 'acting', 'done'], :state::text);

-- name: add_answer(bundle, step, manner, by, number, words)$
-- Late: after the order was lapsed, superseded or over.
INSERT INTO answer (bundle, step, manner, by, number, words, late)
SELECT b.id, :step, :manner, :by, :number, :words,
       b.not_after < engine_now() OR EXISTS (SELECT FROM order_version v WHERE v.id = ANY (b.versions)
                                             AND v.superseded_at IS NOT NULL)
FROM bundle b WHERE b.id = :bundle RETURNING late;

-- name: hurry(bundle)!
-- The person cannot answer: the next rung is due now.
UPDATE timer SET due = engine_now() WHERE bundle = :bundle AND fired_at IS NULL AND act = 'deputy' AND due > engine_now();

-- name: order_page(code)^
-- What an official's link shows.
SELECT b.id AS bundle, b.purpose, b.kind, b.level, b.made_at, b.not_after, b.posts, p.name, t.short, t.body, t.html,
       (SELECT bool_or(v.superseded_at IS NOT NULL) FROM order_version v WHERE v.id = ANY (b.versions)) AS superseded,
       coalesce((SELECT max(step) FROM answer a WHERE a.bundle = b.id), 0) AS step,
       EXISTS (SELECT FROM obligation o WHERE o.version = ANY (b.versions) AND o.counts) AS counts,
       (SELECT array_agg(w.description ORDER BY w.sent) FROM warning w
        WHERE w.identifier IN (SELECT unnest(v.because) FROM order_version v WHERE v.id = ANY (b.versions))) AS originals
FROM bundle b JOIN text t ON t.id = b.text JOIN person p ON p.district = b.district AND p.key = b.person
WHERE b.code = :code;

-- name: add_push(code, address)$
INSERT INTO address (district, person, channel, address)
SELECT district, person, 'push', :address FROM bundle WHERE code = :code
ON CONFLICT (district, person, channel, address) DO UPDATE SET retired_at = NULL, why = NULL
RETURNING person;

-- name: silence(after)
-- Accepted, a receipt was promised, and none came in time; late ones still count.
INSERT INTO delivery_event (delivery, number, what, gateway)
SELECT DISTINCT p.delivery, p.number, 'silent', p.gateway
FROM part p JOIN delivery_event e ON e.delivery = p.delivery AND e.number = p.number AND e.what = 'accepted'
WHERE p.fate IS NULL AND p.accepted_at > (SELECT clock_timestamp() - interval '2 days')
  AND e.at < (SELECT engine_now() - :after::interval)
  AND NOT EXISTS (SELECT FROM delivery_event l WHERE l.delivery = p.delivery AND l.number = p.number
                  AND l.what IN ('silent', 'delivered', 'undelivered'))
RETURNING delivery;
