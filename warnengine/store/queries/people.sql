-- name: add_person(district, key, name)*!
INSERT INTO person (district, key, name) VALUES (:district, :key, :name)
ON CONFLICT (district, key) DO UPDATE SET name = excluded.name;

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

-- name: holding_count(district)$
SELECT count(*) FROM on_duty(engine_now()) WHERE district = :district;
