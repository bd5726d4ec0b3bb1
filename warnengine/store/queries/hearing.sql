-- name: tell_after_all(looked)
-- Changes whose people are looked for again, because somebody whom an older version was not known to have reached has
-- it after all, and has no message of what has followed: a receipt that took back what it said, a part of a text, an
-- answer, a visit (those of long before `looked` have been seen; null: none has). Whatever is seen here is true of the
-- whole store, so nothing is missed that was being written while the people of a change were looked for.
WITH newer AS MATERIALIZED (
    SELECT v.change, v.standing_order, v.version, v.made_at FROM order_version v
    WHERE v.superseded_at IS NULL AND v.kind IN ('update', 'lapse') AND v.not_after > (SELECT engine_now())
      AND v.made_at > (SELECT engine_now() - interval '1 day')
), since AS MATERIALIZED (
    -- a minute is longer than any transaction lasts
    SELECT greatest(min(made_at) - interval '1 minute', :looked::timestamptz) AS at FROM newer HAVING count(*) > 0
), heard AS MATERIALIZED (
    SELECT e.delivery & ~15::bigint AS bundle FROM delivery_event e
    WHERE e.what = 'undelivered' AND e.at > (SELECT engine_now() - interval '1 day') AND EXISTS (SELECT FROM newer)
      AND (EXISTS (SELECT FROM part p WHERE p.delivery = e.delivery AND p.number = e.number AND p.fate = 'delivered')
           OR EXISTS (SELECT FROM delivery_event l WHERE l.delivery = e.delivery AND l.number = e.number AND l.what = 'delivered'))
    UNION
    SELECT a.bundle FROM answer a WHERE a.at > (SELECT at FROM since)
    UNION
    SELECT t.bundle FROM task t WHERE t.kind = 'visit' AND t.result IN ('answered', 'done')
                                  AND t.closed_at > (SELECT at FROM since)
), untold AS MATERIALIZED (
    SELECT n.change, b.id AS bundle FROM heard h
    JOIN bundle b ON b.id = h.bundle AND b.approval IS NULL
    JOIN order_version w ON w.id = ANY (b.versions)
    JOIN newer n ON n.standing_order = w.standing_order AND n.version > w.version
    WHERE NOT EXISTS (SELECT FROM bundle m WHERE m.change = n.change AND m.person = b.person AND m.purpose = 'order')
)
UPDATE change c SET expanded_at = NULL
WHERE c.id IN (SELECT id FROM change WHERE id IN (SELECT change FROM untold WHERE reached(bundle)) AND expanded_at IS NOT NULL
               FOR NO KEY UPDATE SKIP LOCKED) RETURNING c.id;

-- name: drop_unreached()
-- Whoever was not to be reached has the message after all, or has answered.
UPDATE task t SET closed_at = engine_now(), result = 'not_needed', by = 'warnengine' FROM bundle b
WHERE t.closed_at IS NULL AND t.kind = 'unreached' AND b.id = t.bundle
  AND (EXISTS (SELECT FROM delivery_event e JOIN delivery d ON d.id = e.delivery
               WHERE e.delivery BETWEEN b.id AND b.id + 15 AND d.id BETWEEN b.id AND b.id + 15
                 AND e.what = 'delivered' AND d.channel <> 'extra')
       OR EXISTS (SELECT FROM answer a WHERE a.bundle = b.id AND a.counted))
RETURNING t.id;

-- name: unconfirmed_all_clears(after)
-- Nobody is chased about an all-clear, so no ladder finds out who has not heard it: of each one, once, everybody without
-- a receipt, an answer, or at least a gateway that took it and gives no receipts.
WITH judged AS (
    UPDATE change c SET heard_at = engine_now()
    WHERE c.id IN (SELECT id FROM change WHERE heard_at IS NULL AND made_at > (SELECT engine_now() - interval '1 day')
                   AND made_at < (SELECT engine_now() - :after::interval) FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING c.id
), unheard AS MATERIALIZED (
    SELECT b.district, b.change, p.name
    FROM judged c JOIN bundle b ON b.change = c.id AND b.purpose = 'order' AND b.kind = 'lapse' AND b.district <> canary()
    JOIN person p ON p.district = b.district AND p.key = b.person
    WHERE NOT EXISTS (SELECT FROM task t WHERE t.kind = 'unreached' AND t.bundle = b.id) AND NOT arrived(b.id) AND NOT stands_again(b)
)
INSERT INTO task (district, kind, danger, words)
SELECT district, 'unconfirmed', 'lapse ' || change,
       '解除未确认送达:' || count(*) || '人没有送达回执,也没有应答(' || left(string_agg(name, '、' ORDER BY name), 200)
           || ')。请核实他们已经知道解除'
FROM unheard GROUP BY district, change RETURNING id;
