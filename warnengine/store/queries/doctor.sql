-- name: newest_migration()$
SELECT max(name) FROM migration;

-- name: months_ahead()$
-- How many coming months have their partitions, without a gap.
SELECT count(*) FROM generate_series(1, 12) AS n
WHERE NOT EXISTS (SELECT FROM missing_partitions((now() AT TIME ZONE 'UTC')::date, n + 1));

-- name: unproven(district, days)
-- Mobiles of people in posts that nothing has proven for so long: no receipt, no answer, no roll-call.
SELECT DISTINCT p.name, p.key FROM address a JOIN person p ON p.district = a.district AND p.key = a.person
JOIN on_duty(engine_now()) d ON d.district = a.district AND d.person = a.person
WHERE a.district = :district AND a.channel = 'sms' AND a.retired_at IS NULL
  AND (a.proven_at IS NULL OR a.proven_at < engine_now() - make_interval(days => :days::int))
ORDER BY p.name, p.key;

-- name: prove(since)!
-- Numbers from which somebody has answered, or that a handset has confirmed.
UPDATE address a SET proven_at = greatest(a.proven_at, seen.at)
FROM (SELECT b.district, b.person, d.channel, d.address, max(e.at) AS at
      FROM delivery_event e JOIN delivery d ON d.id = e.delivery JOIN bundle b ON b.id = d.bundle
      WHERE e.at >= :since AND e.what = 'delivered' AND e.delivery >= 0 GROUP BY 1, 2, 3, 4
      UNION ALL
      SELECT b.district, b.person, 'sms', r.address, max(r.received_at)
      FROM reply r JOIN bundle b ON b.id = r.bundle
      WHERE r.received_at >= :since AND r.bundle >= 0 AND r.verdict NOT IN ('contact', 'unclear') GROUP BY 1, 2, 4) AS seen
WHERE a.district = seen.district AND a.person = seen.person AND a.channel = seen.channel
  AND same_address(a.address, seen.address) AND a.proven_at IS DISTINCT FROM greatest(a.proven_at, seen.at);
