-- name: keep_reply(gateway, address, line, words, raw, bundle, verdict)!
INSERT INTO reply (gateway, address, line, words, raw, bundle, verdict)
VALUES (:gateway, :address, :line, :words, :raw, :bundle, :verdict);

-- name: hold_number(address)!
-- One reply of a number at a time.
SELECT pg_advisory_xact_lock(hashtextextended(:address, lock_of(7072)));

-- name: last_to(channel, address)^
-- The bundle that was read last at an address, with its person: what was refused cannot be meant, and what is still on
-- its way only where there is nothing else.
SELECT bundle, district, person, purpose, split_part(channel, '@', 1) AS channel, address, intended_at FROM possibly_read
WHERE split_part(channel, '@', 1) = :channel AND same_address(address, :address)
ORDER BY settled DESC, intended_at DESC, delivery DESC LIMIT 1;

-- name: spoken(delivery, gateway)^
-- The bundle that a call has spoken, or an app has shown, with its person and the number called.
SELECT b.id AS bundle, b.district, b.person, b.purpose, d.channel, d.address, max(t.intended_at) AS intended_at
FROM delivery d JOIN bundle b ON b.id = d.bundle JOIN attempt t ON t.delivery = d.id
WHERE d.id = :delivery AND t.delivery = :delivery AND t.gateway = :gateway
GROUP BY b.id, d.channel, d.address;

-- name: last_owing(channel, address, step)^
-- The same, of the orders and escalations that still wait for this step.
SELECT bundle, district, person, purpose, intended_at FROM possibly_read r
WHERE split_part(channel, '@', 1) = :channel AND same_address(address, :address) AND purpose <> 'approval'
  AND EXISTS (SELECT FROM bundle b JOIN obligation o ON o.version = ANY (b.versions) AND o.person = b.person
              WHERE b.id = r.bundle AND :step::int > CASE o.state WHEN 'acked' THEN 1 WHEN 'acting' THEN 2 ELSE 0 END
                AND o.state IN ('open', 'reached', 'acked', 'acting'))
ORDER BY settled DESC, intended_at DESC, delivery DESC LIMIT 1;

-- name: repeated(gateway, address, raw, sent_at)$
-- Whether these bytes came a short while ago, and nothing has been sent since that they could answer.
SELECT EXISTS (SELECT FROM reply WHERE gateway = :gateway AND sha256(raw) = sha256(:raw) AND address = :address
               AND received_at > greatest(engine_now() - interval '10 minutes', :sent_at::timestamptz));

-- name: bundle_by_code(code)^
SELECT b.id AS bundle, b.district, b.person, b.purpose FROM bundle b WHERE b.code = :code;

-- name: bundle_of(bundle)^
SELECT id AS bundle, district, person, purpose FROM bundle WHERE id = :bundle;

-- name: obligations(bundle)
-- The business of a bundle: its reader's own, that of the silent ones for whom the reader may answer, and what the
-- reader has answered for others and is asked about again.
SELECT o.version, o.person, o.bundle, o.number, o.counts, o.responsible, o.acked_at,
       o.counts AND o.state IN ('open', 'reached', 'acked', 'acting') AS counting
FROM bundle b JOIN obligation o ON o.version = ANY (b.versions) AND (o.person = b.person OR EXISTS (
    SELECT FROM bundle s WHERE s.id = ANY (b.behalf || b.about) AND s.person = o.person AND o.version = ANY (s.versions)
                           AND (b.stands_in OR o.responsible = b.person)))
WHERE b.id = :bundle ORDER BY o.version, o.person FOR UPDATE OF o;

-- name: counting(district, person)
-- Every obligation of a person that asks for a number and may have reached the person.
SELECT o.version, o.person, o.number, o.state IN ('open', 'reached', 'acked', 'acting') AS counting
FROM obligation o JOIN bundle b ON b.id = o.bundle JOIN order_version v ON v.id = o.version
WHERE b.district = :district AND b.person = :person AND o.counts AND v.superseded_at IS NULL
  AND EXISTS (SELECT FROM possibly_reached p JOIN delivery_event e ON e.delivery = p.delivery AND e.number = p.number
              WHERE p.delivery BETWEEN b.id AND b.id + 15);

-- name: hold_person(district, person)!
-- One answer of a person at a time.
SELECT FROM person WHERE district = :district AND key = :person FOR NO KEY UPDATE;

-- name: raise_obligation(version, person, state, number, by)!
-- Answers only rise; what is closed stays closed. Who answers first is responsible.
UPDATE obligation SET state = :state, number = coalesce(:number, number),
    responsible = CASE WHEN acked_at IS NULL AND :by::text <> person THEN :by ELSE responsible END,
    acked_at = coalesce(acked_at, engine_now()),
    acting_at = CASE WHEN :state IN ('acting', 'done') THEN coalesce(acting_at, engine_now()) ELSE acting_at END,
    done_at = CASE WHEN :state = 'done' THEN coalesce(done_at, engine_now()) ELSE done_at END
WHERE version = :version AND person = :person
  AND array_position(ARRAY['open', 'reached', 'acked', 'acting', 'done'], state)
    < array_position(ARRAY['open', 'reached', 'acked', 'acting', 'done'], :state::text);

-- name: owes_count(district, person)$
-- Whether a number may be meant for an order that asks for one and has not reached its person. A number that no order
-- ever asked for is kept with the answer, and troubles nobody.
SELECT EXISTS (SELECT FROM obligation WHERE district = :district AND person = :person AND counts AND state = 'open');

-- name: add_answer(bundle, step, manner, by, number, words, spare, item, who, why, counted)$
-- Late: after the order was lapsed, superseded or over. Work that is reported on an all-clear, and a number that only
-- an earlier version asked for (spare: nobody waits for it), are of the order that was.
INSERT INTO answer (bundle, step, manner, by, number, words, item, who, why, counted, late)
SELECT b.id, :step::smallint, :manner, :by, :number, :words, :item::smallint, :who, :why, :counted::boolean,
       b.not_after < engine_now()
       OR EXISTS (SELECT FROM order_version v WHERE v.id = ANY (b.versions) AND v.superseded_at IS NOT NULL)
       OR :step::smallint > 1 AND NOT EXISTS (SELECT FROM order_version v WHERE v.id = ANY (b.versions) AND v.kind <> 'lapse')
       OR :spare::boolean AND EXISTS (SELECT FROM order_version v JOIN order_version was ON was.standing_order = v.standing_order
                             JOIN obligation o ON o.version = was.id AND o.person = b.person AND o.counts
                             WHERE v.id = ANY (b.versions) AND was.superseded_at IS NOT NULL)
FROM bundle b WHERE b.id = :bundle RETURNING late;

-- name: items(bundle)$
-- The measures of a bundle's text as its reader counts them.
SELECT t.items FROM bundle b JOIN text t ON t.id = b.text WHERE b.id = :bundle;

-- name: add_item_done(bundle, measure, person)
-- One measure is done. Returns the orders that it belongs to, and whether all that they order is done now.
WITH concerned AS (
    SELECT v.id, v.measures FROM bundle b JOIN order_version v ON v.id = ANY (b.versions)
    WHERE b.id = :bundle AND EXISTS (SELECT FROM jsonb_array_elements(v.measures) AS m
                                     WHERE m -> 'standing' ->> 'measure' = :measure AND m ->> 'mark' <> 'lapsed')
), added AS (
    INSERT INTO item_done (version, measure, person) SELECT id, :measure, :person FROM concerned ON CONFLICT DO NOTHING
)
SELECT c.id AS version, NOT EXISTS (
    SELECT FROM jsonb_array_elements(c.measures) AS m
    WHERE m ->> 'mark' <> 'lapsed' AND m -> 'standing' ->> 'form' = 'order' AND m -> 'standing' ->> 'measure' <> :measure
      AND NOT EXISTS (SELECT FROM item_done i WHERE i.version = c.id AND i.measure = m -> 'standing' ->> 'measure')) AS done
FROM concerned c ORDER BY c.id;

-- name: shared(bundles)!
-- Two have answered for one: the ladder tells both who is responsible, once for each whose silence it was.
INSERT INTO timer (bundle, step, act, due)
SELECT bundle, 1000, 'shared', engine_now() FROM unnest(:bundles::bigint[]) AS bundle ORDER BY 1 ON CONFLICT DO NOTHING;

-- name: doubly_answered(bundles, words)!
-- The duty room sees it too.
INSERT INTO task (district, kind, bundle, person, words)
SELECT b.district, 'unclear', b.id, b.person, :words FROM bundle b WHERE b.id = ANY(:bundles::bigint[])
  AND NOT EXISTS (SELECT FROM task t WHERE t.bundle = b.id AND t.words = :words);

-- name: is_deputy(bundle, who, levels)$
-- The deputy of the posts of a bundle who goes by that name or key now.
SELECT d.deputy FROM bundle b JOIN on_duty(engine_now()) d ON d.district = b.district AND d.person = b.person
    AND d.unit || '/' || d.post = ANY (b.posts)
JOIN person p ON p.district = b.district AND p.key = d.deputy
WHERE b.id = :bundle AND :who IN (p.key, p.name) AND b.level = ANY(:levels::int[]) LIMIT 1;

-- name: ask_duty_room(bundle, words)!
-- Somebody must look at an answer; once for all equal ones.
INSERT INTO task (district, kind, bundle, person, words)
SELECT b.district, 'unclear', b.id, b.person, :words FROM bundle b
WHERE b.id = :bundle AND NOT EXISTS (SELECT FROM task t WHERE t.bundle = b.id AND t.kind = 'unclear'
                                     AND right(t.words, length(:words)) = :words AND t.closed_at IS NULL);

-- name: hurry(bundle)!
-- The person cannot answer: the next rung is due now.
INSERT INTO timer (bundle, step, act, due)
SELECT bundle, step, act, engine_now() FROM every_timer
WHERE bundle = :bundle AND fired_at IS NULL AND act = 'deputy' AND due > engine_now()
ON CONFLICT (bundle, step) DO UPDATE SET due = excluded.due;

-- name: not_theirs(district, person, channel, address)!
-- A stranger has this number: nothing but an all-clear goes there until the address list is put right.
UPDATE address SET retired_at = engine_now(), why = '不是本人'
WHERE district = :district AND person = :person AND channel = :channel AND retired_at IS NULL
  AND same_address(address, :address);

-- name: order_page(code)^
-- What an official's link shows.
SELECT b.id AS bundle, b.purpose, b.kind, b.level, b.made_at, b.not_after, p.name, coalesce(silent.posts, b.posts) AS posts,
       coalesce((SELECT s.name FROM person s WHERE s.district = silent.district AND s.key = silent.person), p.name) AS about,
       t.short, t.body, t.html,
       EXISTS (SELECT FROM approval a WHERE a.id = b.approval AND a.kind = 'countersign' AND a.decided_at IS NULL) AS countersign,
       (SELECT bool_or(v.superseded_at IS NOT NULL) FROM order_version v WHERE v.id = ANY (b.versions)) AS superseded,
       coalesce((SELECT max(step) FROM answer a WHERE a.bundle = b.id), 0) AS step,
       (SELECT max(r.name) FROM obligation o JOIN person r ON r.district = o.district AND r.key = o.responsible
        WHERE o.bundle = b.id AND o.responsible <> b.person) AS taken,
       EXISTS (SELECT FROM obligation o WHERE o.version = ANY (b.versions) AND o.counts) AS counts,
       array(SELECT DISTINCT left(v.book, 12) FROM order_version v WHERE v.id = ANY (b.versions) ORDER BY 1) AS books,
       (SELECT array_agg(w.description ORDER BY w.sent) FROM warning w
        WHERE w.identifier IN (SELECT unnest(v.because) FROM order_version v WHERE v.id = ANY (b.versions))) AS originals
FROM bundle b JOIN text t ON t.id = b.text JOIN person p ON p.district = b.district AND p.key = b.person
LEFT JOIN bundle silent ON silent.id = b.behalf
WHERE b.code = :code;

-- name: add_push(code, address)$
INSERT INTO address (district, person, channel, address)
SELECT district, person, 'push', :address FROM bundle WHERE code = :code
ON CONFLICT (district, person, channel, address) DO UPDATE SET retired_at = NULL, why = NULL
RETURNING person;
