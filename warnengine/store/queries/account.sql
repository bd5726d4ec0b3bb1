-- name: figures(since)^
-- What came in since then and what became of it. The canary's ids are below zero, its district is none.
SELECT engine_now() AS at,
       (SELECT count(DISTINCT d.warning) FROM district_warning d JOIN arrival a ON a.id = d.arrival
        WHERE d.district <> canary() AND a.received_at >= :since) AS warnings,
       (SELECT count(*) FROM order_version v JOIN standing_order o ON o.id = v.standing_order
        WHERE o.district <> canary() AND v.made_at >= :since) AS orders,
       (SELECT count(DISTINCT (district, person)) FROM bundle WHERE made_at >= :since AND id >= 0) AS people,
       (SELECT count(DISTINCT e.delivery) FROM delivery_event e WHERE e.at >= :since AND e.delivery >= 0
        AND e.what = 'accepted') AS accepted,
       (SELECT count(DISTINCT e.delivery) FROM delivery_event e WHERE e.at >= :since AND e.delivery >= 0
        AND e.what = 'delivered') AS delivered,
       (SELECT count(*) FROM obligation o WHERE o.district <> canary() AND o.acked_at >= :since) AS acked;

-- name: start()$
-- The beginning of the account: a day before engine time.
SELECT engine_now() - interval '1 day';

-- name: not_taken(grace)
-- Warnings that are kept and that no district has taken into its situation.
SELECT w.identifier AS id FROM district_warning d JOIN warning w ON w.id = d.warning JOIN arrival a ON a.id = d.arrival
WHERE d.district <> canary() AND d.applied_at IS NULL AND a.received_at < engine_now() - :grace::interval;

-- name: without_orders()
-- Dangers that an issuer's newest word states, that no conclusion lowers, and for which the district has no order at all.
-- Written without any knowledge of how the engine decides.
WITH said AS (
    SELECT c.district, c.area, c.hazard, c.family, s.value AS word,
           row_number() OVER (PARTITION BY c.district, c.area, c.hazard, c.family, s.value ->> 'issuer'
                              ORDER BY (s.value ->> 'sent')::timestamptz DESC, s.key DESC) AS place
    FROM cell c, jsonb_each(c.statements) AS s
    -- a whole text that is silent of a township says nothing there, nor does the title of its message
    WHERE NOT coalesce((s.value ->> 'silent')::boolean, false)
      AND NOT (coalesce((s.value ->> 'title')::boolean, false)
               AND EXISTS (SELECT FROM jsonb_each(c.statements) AS t WHERE (t.value ->> 'silent')::boolean
                           AND t.value ->> 'issuer' = s.value ->> 'issuer'))
)
SELECT DISTINCT hazard || '/' || family || '/' || area AS id FROM said
WHERE place = 1 AND word ->> 'level' IS NOT NULL AND NOT (word ->> 'over')::boolean AND district <> canary()
  AND coalesce(word -> 'lowers', '[]') = '[]'
  AND NOT EXISTS (SELECT FROM said l WHERE (l.district, l.area, l.hazard, l.family, l.place)
                                         = (said.district, said.area, said.hazard, said.family, 1)
                  AND l.word -> 'lowers' @> (said.word -> 'identifier') AND (l.word ->> 'ends')::timestamptz > engine_now())
  AND NOT EXISTS (SELECT FROM standing_order o WHERE o.district = said.district AND o.hazard = said.hazard
                  AND o.family = said.family AND o.lapsed_at IS NULL);

-- name: not_expanded(grace)
-- Changes whose people do not all have a message.
SELECT id::text AS id FROM change
WHERE district <> canary() AND expanded_at IS NULL AND made_at < engine_now() - :grace::interval;

-- name: not_told(grace)
-- Who holds a post that a standing order calls, and owes no answer to it.
SELECT o.unit || '/' || d.post || ' ' || d.person AS id
FROM order_version v
JOIN standing_order o ON o.id = v.standing_order AND o.lapsed_at IS NULL
JOIN change c ON c.id = v.change AND c.expanded_at IS NOT NULL AND NOT c.quiet
JOIN on_duty(engine_now()) d ON d.district = o.district AND d.unit = o.unit AND d.post = ANY (v.posts)
WHERE v.superseded_at IS NULL AND v.kind IN ('issue', 'update') AND v.not_after > engine_now()
  AND o.district <> canary() AND v.made_at < engine_now() - :grace::interval
  AND NOT EXISTS (SELECT FROM obligation b WHERE b.version = v.id AND b.person = d.person);

-- name: not_sent(since, grace)
-- Messages without any way to their person, of which the duty room does not know.
SELECT b.id::text AS id FROM bundle b
WHERE b.made_at >= :since AND b.made_at < engine_now() - :grace::interval AND b.id >= 0
  AND NOT EXISTS (SELECT FROM delivery d WHERE d.id BETWEEN b.id AND b.id + 15)
  AND NOT EXISTS (SELECT FROM task t WHERE t.bundle = b.id);

-- name: open_ends(since, grace, silent)
-- Deliveries whose story has no end and does not go on: nothing was written, or an attempt has no outcome, or a failure
-- that nobody was told of and no other way made good, or a promised receipt that is neither there nor missed.
WITH story AS MATERIALIZED (
    SELECT d.id, d.bundle, max(evidence(e.what)) AS most, max(e.at) AS last,
           bool_or(e.what = 'accepted' AND e.detail = 'receipts') AS promised,
           EXISTS (SELECT FROM attempt a WHERE a.delivery = d.id AND NOT EXISTS (
                       SELECT FROM delivery_event x WHERE x.delivery = a.delivery AND x.number = a.number)) AS sending,
           EXISTS (SELECT FROM chunk c WHERE c.id = d.chunk AND c.finished_at IS NULL)
               OR EXISTS (SELECT FROM chunk c WHERE c.only_delivery = d.id AND c.finished_at IS NULL) AS on_its_way
    FROM bundle b JOIN delivery d ON d.id BETWEEN b.id AND b.id + 15
    LEFT JOIN delivery_event e ON e.delivery = d.id
    WHERE b.made_at >= :since AND b.made_at < engine_now() - :grace::interval AND b.id >= 0 AND d.channel <> 'call'
    GROUP BY d.id, d.bundle, d.chunk
)
SELECT s.id::text AS id,
       CASE WHEN s.sending THEN 'no_outcome' WHEN s.most IS NULL THEN 'no_record'
            WHEN s.most >= evidence('accepted') THEN 'no_receipt' ELSE 'no_end' END AS what
FROM story s JOIN bundle b ON b.id = s.bundle
WHERE NOT s.on_its_way AND (
    s.sending OR s.most IS NULL
    OR s.most = evidence('accepted') AND s.promised AND s.last < engine_now() - 2 * :silent::interval
    OR s.most BETWEEN evidence('refused') AND evidence('held')
       AND NOT EXISTS (SELECT FROM task t WHERE t.bundle = b.id)
       AND NOT EXISTS (SELECT FROM delivery o JOIN delivery_event e ON e.delivery = o.id
                       WHERE o.id BETWEEN b.id AND b.id + 15 AND e.delivery BETWEEN b.id AND b.id + 15
                         AND evidence(e.what) >= evidence('accepted'))
       AND NOT EXISTS (SELECT FROM order_version v WHERE v.id = ANY (b.versions) AND v.superseded_at IS NOT NULL)
       AND EXISTS (SELECT FROM obligation o WHERE o.bundle = b.id AND o.state IN ('open', 'reached')));

-- name: parked(since_real)
-- Receipts that speak of no message of ours.
SELECT gateway || ' ' || provider_id AS id FROM receipt
WHERE matched_at IS NULL AND fate <> 'pending' AND received_at < clock_timestamp() - interval '10 minutes'
  AND received_at >= :since_real
  AND NOT EXISTS (SELECT FROM address a WHERE a.district = canary() AND receipt.address <> ''
                  AND same_address(a.address, receipt.address));

-- name: keep(since, figures, unexplained)$
INSERT INTO account (at, since, figures, unexplained) VALUES (engine_now(), :since, :figures, :unexplained) RETURNING at;

-- name: latest()^
SELECT at, since, figures, unexplained, engine_now() AS now FROM account ORDER BY id DESC LIMIT 1;

-- name: tell(words)!
-- One open task: until somebody has closed it the next account adds none.
INSERT INTO task (district, kind, words)
SELECT min(code), 'unclear', :words FROM district WHERE code <> canary()
HAVING min(code) IS NOT NULL AND NOT EXISTS (SELECT FROM task WHERE kind = 'unclear' AND words LIKE '对账%' AND closed_at IS NULL);

-- name: forget()!
DELETE FROM account WHERE at < engine_now() - interval '400 days';

-- name: undecided(district)$
-- Whether the reconciler has work: what stands is then about to change.
SELECT EXISTS (SELECT FROM district_warning WHERE district = :district AND applied_at IS NULL)
    OR EXISTS (SELECT FROM approval WHERE district = :district AND decided_at IS NOT NULL AND applied_at IS NULL)
    OR EXISTS (SELECT FROM situation_turn WHERE district = :district AND at <= engine_now());
