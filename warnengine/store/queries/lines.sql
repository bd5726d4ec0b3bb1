-- name: take(gateway, owner, lease, well)^
-- Take a line that nobody holds, or hold on to our own; and who holds it now.
WITH taken AS (
    INSERT INTO line_lease AS l (gateway, owner, epoch, lease_until, well)
    VALUES (:gateway, :owner, 1, clock_timestamp() + :lease::interval, :well)
    ON CONFLICT (gateway) DO UPDATE
    SET owner = excluded.owner, well = excluded.well, lease_until = clock_timestamp() + :lease::interval,
        epoch = l.epoch + (l.owner <> excluded.owner OR l.lease_until <= clock_timestamp())::int
    WHERE l.owner = excluded.owner OR l.lease_until <= clock_timestamp()
    RETURNING owner, epoch, well
)
SELECT owner, epoch, well, true AS ours FROM taken
UNION ALL
SELECT owner, epoch, well, false FROM line_lease WHERE gateway = :gateway AND NOT EXISTS (SELECT FROM taken);

-- name: give_back(gateway, owner)!
UPDATE line_lease SET lease_until = clock_timestamp() WHERE gateway = :gateway AND owner = :owner;

-- name: free()!
-- Every line of a database that no other process can be using.
UPDATE line_lease SET lease_until = clock_timestamp() WHERE lease_until > clock_timestamp();
