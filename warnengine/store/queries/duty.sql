-- name: tasks(open)
-- What the duty room has to do by hand, or has done, with the number to call and why.
SELECT t.id, t.kind, t.person, p.name, t.words AS text, t.since, t.since AS at,
       CASE WHEN t.kind = 'unreached' THEN t.words END AS reason, t.danger, t.closed_at, t.result, t.by, t.bundle, b.posts,
       CASE WHEN t.kind <> 'call' THEN NULL
            WHEN EXISTS (SELECT FROM delivery d WHERE d.id BETWEEN t.bundle AND t.bundle + 15 AND d.channel = 'sms')
            THEN '未应答' ELSE '没有手机号码' END AS why,
       coalesce(t.address, (SELECT a.address FROM address a WHERE a.district = t.district AND a.person = t.person
                            AND a.channel IN ('sms', 'call') ORDER BY a.retired_at NULLS FIRST, a.channel DESC, a.rank LIMIT 1))
           AS number
FROM task t LEFT JOIN person p ON p.district = t.district AND p.key = t.person LEFT JOIN bundle b ON b.id = t.bundle
WHERE (t.closed_at IS NULL) = :open ORDER BY t.id;

-- name: open_kind(id)$
SELECT kind FROM task WHERE id = :id AND closed_at IS NULL;

-- name: line_down(line, words)!
INSERT INTO task (district, kind, words, danger) SELECT code, 'gateway', :words, :line FROM district ON CONFLICT DO NOTHING;

-- name: line_up(line)!
UPDATE task SET closed_at = engine_now(), result = 'not_needed', by = 'warnengine'
WHERE kind = 'gateway' AND danger = :line AND closed_at IS NULL;

-- name: reach()$
SELECT true;

-- name: put_call(delivery, address, words)$
-- A call on the list; the one that is there already where it is still open.
WITH new AS (
    INSERT INTO task (district, kind, bundle, person, words, delivery, address)
    SELECT b.district, 'call', b.id, b.person, :words, :delivery, :address FROM bundle b WHERE b.id = :delivery & ~15::bigint
    ON CONFLICT (delivery) WHERE kind = 'call' AND closed_at IS NULL DO NOTHING RETURNING id
)
SELECT id FROM new UNION ALL SELECT id FROM task WHERE delivery = :delivery AND kind = 'call' AND closed_at IS NULL LIMIT 1;

-- name: close(id, result, by)^
UPDATE task t SET closed_at = engine_now(), result = :result, by = :by FROM task old
LEFT JOIN bundle b ON b.id = old.bundle
WHERE t.id = :id AND old.id = t.id AND t.closed_at IS NULL
RETURNING t.bundle, b.district, b.person, b.purpose;

-- name: drop_heard()
-- A town of which something was heard is not silent any more.
UPDATE task t SET closed_at = engine_now(), result = 'not_needed', by = 'warnengine'
WHERE t.closed_at IS NULL AND t.kind = 'silent'
  AND NOT EXISTS (SELECT FROM unheard u WHERE u.district = t.district
                  AND u.unit || ' ' || u.hazard || ' ' || u.family = t.danger)
RETURNING t.id;

-- name: drop_renewed()
-- What has lapsed or was renewed is not beyond its end any more.
UPDATE task t SET closed_at = engine_now(), result = 'not_needed', by = 'warnengine'
WHERE t.closed_at IS NULL AND t.kind = 'ended' AND t.danger NOT LIKE 'trigger %'
  AND NOT EXISTS (SELECT FROM standing_order o JOIN order_version v ON v.standing_order = o.id AND v.superseded_at IS NULL
                  WHERE o.district = t.district AND o.hazard || ' ' || o.family = t.danger AND o.lapsed_at IS NULL
                    AND coalesce(o.until, v.not_after) <= engine_now())
RETURNING t.id;

-- name: drop_moot()
-- Nobody is called or visited about what is answered, decided, replaced or over.
UPDATE task t SET closed_at = engine_now(), result = 'not_needed', by = 'warnengine'
WHERE t.closed_at IS NULL AND t.kind IN ('call', 'visit')
  AND (SELECT b.not_after <= engine_now()
       OR b.purpose = 'approval' AND EXISTS (SELECT FROM approval a WHERE a.id = b.approval AND a.decided_at IS NOT NULL)
       OR b.purpose <> 'approval' AND EXISTS (SELECT FROM order_version v WHERE v.id = ANY (b.versions)
                                              AND v.superseded_at IS NOT NULL)
       OR b.purpose = 'order' AND NOT EXISTS (SELECT FROM obligation o WHERE o.bundle = b.id
                                              AND o.state IN ('open', 'reached'))
       FROM bundle b WHERE b.id = t.bundle)
RETURNING t.id;

-- name: drop_enough(levels, enough)
-- Nobody is called or visited where enough of the unit have answered, by the rule of the level.
UPDATE task t SET closed_at = engine_now(), result = 'not_needed', by = 'warnengine'
WHERE t.closed_at IS NULL AND t.kind IN ('call', 'visit')
  AND (SELECT b.purpose FROM bundle b WHERE b.id = t.bundle) = 'order'
  AND NOT EXISTS (
      SELECT FROM obligation o JOIN order_version v ON v.id = o.version
      LEFT JOIN unnest(:levels::int[], :enough::int[]) AS rule(level, n) ON rule.level = v.level
      WHERE o.bundle = t.bundle AND o.chased AND o.state IN ('open', 'reached')
        AND (SELECT count(*) FILTER (WHERE c.acked_at IS NOT NULL) < least(rule.n, count(*)) OR rule.n IS NULL
             FROM obligation c WHERE c.version = o.version AND c.chased))
  AND EXISTS (SELECT FROM obligation o WHERE o.bundle = t.bundle AND o.chased AND o.acked_at IS NULL)
RETURNING t.id;
