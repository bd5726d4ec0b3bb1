-- name: chain(after, most)
-- Rows of the audit chain as they were sealed.
SELECT seq, seq || '|' || extract(epoch FROM at) || '|' || kind || '|' || body::text AS sealed, hash
FROM audit WHERE seq > :after ORDER BY seq LIMIT :most;

-- name: head()^
SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1;

-- name: mark()$
SELECT seal_mark();

-- name: seal(mark)$
SELECT seal_up_to(:mark);

-- name: cuts()
-- Where the chain was cut, and the hash of the last row before.
SELECT cut, cut_hash FROM gone_month WHERE cut > 0;

-- name: differences(within)
-- Where the tables say something else than the chain. within: only what was sealed so lately; null: everything. Months
-- up to the last that the chain itself has as gone are left out: their digests stay. Of months without names what was taken out is.
WITH seals AS MATERIALIZED (
    SELECT seq, body, (row_number() OVER (ORDER BY seq))::int AS place FROM audit
    WHERE kind = 'seal' AND (:within::interval IS NULL OR at >= engine_now() - :within::interval)
), gone AS MATERIALIZED (
    SELECT coalesce(max(to_char(g.month, 'YYYYMM')), '') AS until FROM gone_month g
    WHERE EXISTS (SELECT FROM audit WHERE kind = 'retention' AND body ->> 'month' = to_char(g.month, 'YYYYMM'))
), span AS (
    SELECT min((body #>> '{since,text}')::bigint) AS text, max((body #>> '{upto,text}')::bigint) AS to_text,
           min((body #>> '{since,answer}')::bigint) AS answer, max((body #>> '{upto,answer}')::bigint) AS to_answer,
           min((body #>> '{since,at}')::timestamp AT TIME ZONE 'UTC')
               || array_agg((body #>> '{upto,at}')::timestamp AT TIME ZONE 'UTC' ORDER BY seq) AS bounds,
           -- seals of before have no pieces; all of them come first
           max(place) FILTER (WHERE body -> 'sent' <> '[]' AND NOT body #> '{sent,0}' ? 'pieces') AS last_whole
    FROM seals
), sealed AS (
    SELECT seq, 'text' AS what, one ->> 'id' AS id, one FROM seals, jsonb_array_elements(body -> 'texts') AS one
    UNION ALL
    SELECT seq, 'answer', one ->> 'id', named(one) FROM seals, jsonb_array_elements(body -> 'answers') AS one
    WHERE to_char(month_of((one ->> 'bundle')::bigint), 'YYYYMM') > (SELECT until FROM gone)
    UNION ALL
    SELECT seq, 'sent', place || '/' || (one ->> 'month'), one FROM seals, jsonb_array_elements(body -> 'sent') AS one
    WHERE one ->> 'month' > (SELECT until FROM gone)
), found AS (
    SELECT 'text' AS what, t.id::text AS id, t.seal AS one FROM span, text_seal t WHERE t.id > span.text AND t.id <= to_text
    UNION ALL
    SELECT 'answer', a.id::text, named(a.seal) FROM span, answer_seal a WHERE a.id > span.answer AND a.id <= to_answer
      AND to_char(month_of((a.seal ->> 'bundle')::bigint), 'YYYYMM') > (SELECT until FROM gone)
    UNION ALL
    SELECT 'sent', place || '/' || month, to_jsonb(d) - 'place' FROM span, sent_digests(bounds[1 : coalesce(last_whole, 0) + 1]) d
    WHERE last_whole > 0 AND month > (SELECT until FROM gone)
    UNION ALL
    SELECT 'sent', place + coalesce(last_whole, 0) || '/' || month, to_jsonb(d) - 'place'
    FROM span, sent_pieces(bounds[coalesce(last_whole, 0) + 1 : cardinality(bounds)]) d
    WHERE month > (SELECT until FROM gone)
)
SELECT what, id, s.seq AS row, s.one AS sealed, f.one AS found
FROM sealed s FULL JOIN found f USING (what, id) WHERE s.one IS DISTINCT FROM f.one
UNION ALL
SELECT 'decision', id::text, seq, to_jsonb(sealed), to_jsonb(decision) FROM doubted_decision
UNION ALL
SELECT 'item', s.approval::text, s.seq, s.items, to_jsonb(o.unit || ' ' || i.measure)
FROM sealed_decision s JOIN approval_item i ON i.approval = s.approval AND i.voided_at IS NULL
JOIN standing_order o ON o.id = i.standing_order
WHERE NOT s.items @> jsonb_build_array(jsonb_build_object('order', i.standing_order, 'measure', i.measure, 'words', i.words))
ORDER BY 1, 2;

-- name: versions_between(since, upto)
-- Order versions that were written, by level.
SELECT coalesce(level, before) AS level, count(*) AS n FROM order_version
WHERE id > :since::bigint AND id <= :upto::bigint GROUP BY 1;

-- name: first_answers(since, upto)
-- Seconds from an order to the first answer of each person to it.
SELECT b.level, extract(epoch FROM a.at - b.made_at)::float8 AS seconds FROM answer a JOIN bundle b ON b.id = a.bundle
WHERE a.id > :since::bigint AND a.id <= :upto::bigint AND b.purpose = 'order'
  AND NOT EXISTS (SELECT FROM answer e WHERE e.bundle = a.bundle AND e.id < a.id);

-- name: receipt_lags(since, upto)
-- Seconds from a gateway's acceptance to its receipt.
SELECT r.gateway, extract(epoch FROM r.at - a.at)::float8 AS seconds
FROM delivery_event r JOIN delivery_event a ON a.delivery = r.delivery AND a.number = r.number AND a.what = 'accepted'
WHERE r.at >= :since::timestamptz AND r.at < :upto::timestamptz AND r.what IN ('delivered', 'undelivered');

-- name: withdrawals(since, upto)
-- Deliveries that were not made because nobody needed them any more, and why.
SELECT CASE WHEN b.approval IS NOT NULL THEN 'decided'
            WHEN EXISTS (SELECT FROM order_version v WHERE v.id = ANY (b.versions) AND v.superseded_at <= e.at)
            THEN 'superseded' ELSE 'answered' END AS reason, count(*) AS n
FROM delivery_event e CROSS JOIN LATERAL (SELECT * FROM bundle WHERE id = e.delivery & ~15::bigint LIMIT 1) AS b
WHERE e.at >= :since::timestamptz AND e.at < :upto::timestamptz AND e.what = 'withdrawn' GROUP BY 1;

-- name: possible_duplicates(since, upto)$
-- Attempts after one of which nobody knows whether it arrived.
SELECT count(*) FROM attempt a
WHERE a.intended_at >= :since::timestamptz AND a.intended_at < :upto::timestamptz AND a.purpose IN ('retry', 'resend')
  AND EXISTS (SELECT FROM delivery_event e WHERE e.delivery = a.delivery AND e.number < a.number AND e.what = 'unknown');

-- name: violations(since, upto)^
-- What must never be, among the attempts of a window: sent after its end, or before what it replaces was settled.
-- Lateral, behind a fence, so that the plan always begins with the attempt, and with the few that replace something.
SELECT count(*) FILTER (WHERE a.intended_at > b.not_after + interval '250 milliseconds') AS sent_after_expiry,
       count(*) FILTER (WHERE b.follows <> '{}' AND EXISTS (
           SELECT FROM unnest(b.follows) AS before
           CROSS JOIN LATERAL (SELECT e.delivery, e.number FROM attempt e
                               WHERE e.delivery BETWEEN before AND before + 15 AND e.intended_at < a.intended_at
                               OFFSET 0) AS e
           WHERE (SELECT count(*) FROM delivery_event x
                  WHERE x.delivery = e.delivery AND x.number = e.number AND x.at <= a.intended_at) = 0)) AS overtook
FROM attempt a CROSS JOIN LATERAL (SELECT * FROM bundle WHERE id = a.delivery & ~15::bigint LIMIT 1) AS b
WHERE a.intended_at >= :since::timestamptz AND a.intended_at < :upto::timestamptz;
