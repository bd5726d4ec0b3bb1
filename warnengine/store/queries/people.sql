-- name: add_person(district, key, name, prefers)*!
INSERT INTO person (district, key, name, prefers) VALUES (:district, :key, :name, :prefers::text[])
ON CONFLICT (district, key) DO UPDATE SET name = excluded.name, prefers = excluded.prefers;

-- name: retire_all(district)!
-- Numbers and mailboxes that the new list does not repeat are retired; a registered phone stays.
UPDATE address SET retired_at = engine_now(), why = '不在新通讯录中'
WHERE district = :district AND channel <> 'push' AND retired_at IS NULL;

-- name: add_address(district, person, channel, address, rank)*!
INSERT INTO address (district, person, channel, address, rank)
VALUES (:district, :person, :channel, :address, :rank)
ON CONFLICT (district, person, channel, address) DO UPDATE SET retired_at = NULL, why = NULL, rank = excluded.rank;

-- name: begins(district)^
-- From when a list counts that comes in now: the first one has always counted.
SELECT engine_now() AS now, EXISTS (SELECT FROM holding WHERE district = :district) AS later;

-- name: end_all(district)!
-- What is to come has never been; what is now ends.
WITH never AS (DELETE FROM holding WHERE district = :district AND starts >= engine_now())
UPDATE holding SET ends = engine_now() WHERE district = :district AND starts < engine_now() AND ends > engine_now();

-- name: add_holding(district, unit, post, person, deputy, superior)*!
-- In a post for ever.
INSERT INTO holding (district, unit, post, person, deputy, superior)
VALUES (:district, :unit, :post, :person, :deputy, :superior);

-- name: add_stint(district, unit, post, person, deputy, superior, starts, ends)*!
-- In a post for a time; no moment: without beginning, without end.
INSERT INTO holding (district, unit, post, person, deputy, superior, starts, ends)
VALUES (:district, :unit, :post, :person, :deputy, :superior, coalesce(:starts::timestamptz, '-infinity'),
        coalesce(:ends::timestamptz, 'infinity'));

-- name: counted_to(district, year)!
-- To the end of which year the stints are worked out.
INSERT INTO counted_to (district, year) VALUES (:district, :year)
ON CONFLICT (district) DO UPDATE SET year = excluded.year;

-- name: short_of(district)^
-- The year to whose end the stints of a rota are worked out, and the time; null where there is no rota.
SELECT coalesce((SELECT year FROM counted_to WHERE district = :district), 0) AS year, engine_now() AS now
WHERE EXISTS (SELECT FROM shift WHERE district = :district);

-- name: forget_list(district)!
-- What was imported goes; who held what, and when, stays.
WITH a AS (DELETE FROM listed WHERE district = :district), b AS (DELETE FROM absence WHERE district = :district),
     c AS (DELETE FROM shift WHERE district = :district)
DELETE FROM special_day WHERE district = :district;

-- name: add_listed(district, place, unit, post, person, deputy, superior)*!
INSERT INTO listed (district, place, unit, post, person, deputy, superior)
VALUES (:district, :place, :unit, :post, :person, :deputy, :superior);

-- name: add_absence(district, place, person, starts, ends, stand_in, reason)*!
INSERT INTO absence (district, place, person, starts, ends, stand_in, reason)
VALUES (:district, :place, :person, :starts, :ends, :stand_in, :reason);

-- name: add_shift(district, place, unit, post, days, begins, lasts, person)*!
INSERT INTO shift (district, place, unit, post, days, begins, lasts, person)
VALUES (:district, :place, :unit, :post, :days, :begins, :lasts, :person);

-- name: add_day(district, day, kind)*!
INSERT INTO special_day (district, day, kind) VALUES (:district, :day, :kind);

-- name: listed(district)
SELECT unit, post, person, deputy, superior FROM listed WHERE district = :district ORDER BY place;

-- name: absences(district)
SELECT person, starts, ends, stand_in, reason FROM absence WHERE district = :district ORDER BY place;

-- name: shifts(district)
SELECT unit, post, days, begins, lasts, person FROM shift WHERE district = :district ORDER BY place;

-- name: special_days(district)
SELECT day, kind FROM special_day WHERE district = :district ORDER BY day;

-- name: people(district)
-- Everybody whom the list names, with their ways in the order in which they are tried, and when each was proven last.
SELECT p.key, p.name, p.prefers, a.channel, a.address, a.proven_at FROM person p
LEFT JOIN address a ON a.district = p.district AND a.person = p.key AND a.retired_at IS NULL AND a.channel <> 'push'
WHERE p.district = :district AND p.key IN (
    SELECT unnest(ARRAY[person, deputy, superior]) FROM listed WHERE district = :district
    UNION SELECT unnest(ARRAY[person, stand_in]) FROM absence WHERE district = :district
    UNION SELECT person FROM shift WHERE district = :district)
ORDER BY p.key, a.channel, a.rank, a.address;

-- name: hand_over()
-- Orders that stand look for their people again where a post of theirs has been taken over since they last did.
UPDATE change SET expanded_at = NULL
WHERE id IN (
    SELECT id FROM change WHERE expanded_at IS NOT NULL AND id IN (
        SELECT c.id FROM standing_order o
        JOIN order_version v ON v.standing_order = o.id AND v.superseded_at IS NULL JOIN change c ON c.id = v.change
        WHERE o.lapsed_at IS NULL AND o.district <> canary() AND v.kind <> 'lapse'
          AND v.not_after > (SELECT engine_now())
          AND EXISTS (SELECT FROM holding h WHERE h.district = o.district AND h.unit = o.unit AND h.post = ANY (v.posts)
                      AND h.starts > c.expanded_at AND h.starts <= (SELECT engine_now())
                      AND h.ends > (SELECT engine_now())))
    FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id;

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
