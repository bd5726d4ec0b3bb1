-- A gateway that repeats itself is found by the very bytes.
CREATE INDEX reply_by_content ON reply (gateway, sha256(raw));

-- What whoever has a number may have read: attempts that are not certainly in vain. What has no outcome yet is not
-- settled. A number may have had several owners.
-- OFFSET 0: the planner must begin with the number, and never with all that was ever sent.
CREATE VIEW possibly_read AS
SELECT a.channel, a.address, b.id AS bundle, b.district, b.person, b.purpose, sent.delivery, sent.intended_at, sent.settled
FROM address a
JOIN bundle b ON b.district = a.district AND b.person = a.person
CROSS JOIN LATERAL (
    SELECT t.delivery, t.intended_at,
           EXISTS (SELECT FROM delivery_event e WHERE e.delivery = t.delivery AND e.number = t.number) AS settled
    FROM delivery d JOIN attempt t ON t.delivery = d.id
    WHERE d.id BETWEEN b.id AND b.id + 15 AND t.delivery BETWEEN b.id AND b.id + 15
      AND d.channel = a.channel AND d.address = a.address
      AND EXISTS (SELECT FROM possibly_reached p WHERE p.delivery = t.delivery AND p.number = t.number)
    OFFSET 0) AS sent;
