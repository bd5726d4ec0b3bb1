-- name: add_person(district, key, name, prefers)*!
INSERT INTO person (district, key, name, prefers) VALUES (:district, :key, :name, :prefers::text[])
ON CONFLICT (district, key) DO UPDATE SET name = excluded.name, prefers = excluded.prefers;

-- name: retire_all(district)!
-- Numbers and mailboxes that the new list does not repeat are retired; a registered phone stays.
UPDATE address SET retired_at = engine_now(), why = '不在新通讯录中'
WHERE district = :district AND channel <> 'push' AND retired_at IS NULL;

-- name: add_address(district, person, channel, address)*!
INSERT INTO address (district, person, channel, address) VALUES (:district, :person, :channel, :address)
ON CONFLICT (district, person, channel, address) DO UPDATE SET retired_at = NULL, why = NULL;

-- name: end_all(district)!
UPDATE holding SET ends = engine_now() WHERE district = :district AND ends > engine_now();

-- name: add_holding(district, unit, post, person, deputy, superior)*!
-- The first list has always counted; a later one counts from now on.
INSERT INTO holding (district, unit, post, person, deputy, superior, starts)
VALUES (:district, :unit, :post, :person, :deputy, :superior,
        CASE WHEN EXISTS (SELECT FROM holding WHERE district = :district AND ends < 'infinity')
             THEN engine_now() ELSE '-infinity' END);

-- name: ask_anew(district)!
-- Orders that stand look for their people again: a new holder of a post has no bundle yet.
UPDATE change SET expanded_at = NULL
WHERE id IN (SELECT v.change FROM order_version v JOIN standing_order o ON o.id = v.standing_order
             WHERE o.district = :district AND o.lapsed_at IS NULL AND v.superseded_at IS NULL
               AND v.not_after > (SELECT engine_now()));

-- name: go_new_ways(district)!
-- A new number of somebody who has not answered gets what the old one got.
WITH owed AS (
    SELECT DISTINCT b.id, b.lane, w.channel, w.address
    FROM obligation o JOIN bundle b ON b.id = o.bundle
    JOIN order_version v ON v.id = o.version AND v.superseded_at IS NULL
    JOIN way w ON w.district = b.district AND w.person = b.person AND (w.channel = 'call' OR w.channel = ANY (v.channels))
    WHERE o.district = :district AND o.state = 'open' AND b.not_after > (SELECT engine_now())
      AND NOT EXISTS (SELECT FROM delivery d WHERE d.id BETWEEN b.id AND b.id + 15 AND d.channel = w.channel
                      AND d.address = w.address)
), placed AS (
    SELECT *, row_number() OVER (PARTITION BY id ORDER BY channel DESC, address)
              + (SELECT coalesce(max(d.id), owed.id - 1) FROM delivery d WHERE d.id BETWEEN owed.id AND owed.id + 15) AS delivery
    FROM owed
), lines AS (
    INSERT INTO chunk (channel, lane, purpose, number, due)
    SELECT channel, lane, 'first', 1, engine_now() FROM (SELECT DISTINCT channel, lane FROM placed) AS line
    RETURNING id, channel, lane
)
INSERT INTO delivery (id, bundle, channel, address, chunk)
SELECT p.delivery, p.id, p.channel, p.address, l.id FROM placed p JOIN lines l USING (channel, lane)
WHERE p.delivery < p.id + 16;

-- name: holding_count(district)$
SELECT count(*) FROM on_duty(engine_now()) WHERE district = :district;
