-- name: figures()^
-- What the duty room sees first.
SELECT engine_now() AS now,
       (SELECT count(*) FROM standing_order WHERE lapsed_at IS NULL AND district <> canary()) AS orders,
       (SELECT count(*) FROM task WHERE closed_at IS NULL) AS tasks,
       (SELECT count(*) FROM approval WHERE decided_at IS NULL AND kind <> 'countersign') AS approvals,
       (SELECT count(*) FROM approval WHERE decided_at IS NULL AND kind = 'countersign') AS countersigns,
       (SELECT count(*) FROM manual_order WHERE sent_at IS NULL AND ended_at IS NULL) AS drafts;

-- name: unmatched()
-- Warnings of the last day of which no unit has an order.
SELECT identifier, headline, why, at FROM unmatched WHERE at > engine_now() - interval '1 day' ORDER BY id DESC LIMIT 20;

-- name: unanswered()
-- People who must answer what stands and have not, by level, the gravest first.
SELECT v.level, count(DISTINCT o.person) AS people,
       count(DISTINCT o.person) FILTER (WHERE o.state = 'open') AS unreached
FROM obligation o JOIN order_version v ON v.id = o.version
WHERE o.district <> canary() AND o.chased AND o.state IN ('open', 'reached') AND v.superseded_at IS NULL
  AND v.level IS NOT NULL
GROUP BY v.level ORDER BY v.level DESC;

-- name: behind(stops, others)^
-- Whom stops keep from hearing, or would: people and messages that wait to leave, without what other stops hold too and
-- what nobody needs any more.
SELECT count(DISTINCT b.person) FILTER (WHERE counts.still) AS people, count(*) FILTER (WHERE counts.still) AS messages,
       count(*) FILTER (WHERE NOT counts.still) AS moot
FROM chunk c JOIN delivery d ON d.chunk = c.id OR d.id = c.only_delivery JOIN bundle b ON b.id = d.bundle
CROSS JOIN LATERAL (
    SELECT b.not_after > engine_now() AND (b.approval IS NOT NULL OR NOT EXISTS (
        SELECT FROM order_version v WHERE v.id = ANY (b.versions) AND v.superseded_at IS NOT NULL)) AS still) counts
WHERE c.finished_at IS NULL AND b.id > 0 AND stopped(b, :stops::text[]) AND NOT stopped(b, :others::text[])
  AND NOT EXISTS (SELECT FROM attempt a WHERE a.delivery = d.id AND a.number = c.number)
  AND NOT EXISTS (SELECT FROM delivery_event e WHERE e.delivery = d.id AND e.number = c.number);

-- name: orders_of(family)
-- What was made of an order by hand.
SELECT o.id, o.unit, o.lapsed_at IS NOT NULL AS lapsed FROM standing_order o WHERE o.family = :family ORDER BY o.id;

-- name: audience(approval)$
-- How many people the orders of a request go to.
SELECT count(DISTINCT d.person)
FROM approval_item i JOIN standing_order o ON o.id = i.standing_order
JOIN order_version v ON v.standing_order = o.id AND v.superseded_at IS NULL
JOIN on_duty(engine_now()) d ON d.district = o.district AND d.unit = o.unit AND d.post = ANY (v.posts)
WHERE i.approval = :approval AND i.voided_at IS NULL;

-- name: lines()
-- Who holds which line.
SELECT gateway, owner, epoch, well, lease_until > clock_timestamp() AS held FROM line_lease ORDER BY gateway;

-- name: out_of_order()
-- Gateways that a process has reported as down or silent, in its words.
SELECT danger AS gateway, words, since FROM task WHERE kind = 'gateway' AND closed_at IS NULL ORDER BY since;

-- name: countersign(approval, person)^
-- Who decided by telephone says so again, signed in under their own name; the first time counts.
UPDATE approval a SET decided_at = engine_now(), decision = 'yes', by = p.name, applied_at = engine_now()
FROM person p
WHERE a.id = :approval AND a.kind = 'countersign' AND a.asks = :person AND a.decided_at IS NULL
  AND p.district = a.district AND p.key = a.asks
RETURNING a.id, a.district, a.of, encode(a.sha256, 'hex') AS sha256, a.decision, a.by, a.asks AS person;
