-- Advisory locks are one space for a whole database, and the drill lives in the same: whatever hangs there must hold up
-- no send, no stop and no ladder of the live engine. The number of a lock in this schema.
CREATE FUNCTION lock_of(n int) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT n + CASE current_schema() WHEN 'drill' THEN 100 ELSE 0 END $$;

DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT pg_get_functiondef(p.oid) AS definition FROM pg_proc p
               WHERE p.pronamespace = current_schema()::regnamespace AND p.prosrc ~ 'pg_advisory_xact_lock(_shared)?\(7[01]7\d\)'
    LOOP
        EXECUTE regexp_replace(one.definition, '(pg_advisory_xact_lock(?:_shared)?)\(7[01](7\d)\)', '\1(lock_of(70\2))', 'g');
    END LOOP;
END
$$;

-- What was reported undelivered may have arrived after all: these few are looked at again and again.
CREATE INDEX delivery_event_undelivered ON delivery_event (at) WHERE what = 'undelivered';
CREATE INDEX answer_by_time ON answer (at);
CREATE INDEX order_version_by_time ON order_version (made_at) WHERE superseded_at IS NULL;

-- People of whom nobody knows whether they have heard that it is over: one task for each all-clear.
DO $$
DECLARE
    rule text;
BEGIN
    SELECT pg_get_expr(conbin, conrelid) INTO STRICT rule FROM pg_constraint
    WHERE conrelid = 'task'::regclass AND conname = 'task_kind_check';
    ALTER TABLE task DROP CONSTRAINT task_kind_check;
    EXECUTE format('ALTER TABLE task ADD CONSTRAINT task_kind_check CHECK (%s OR kind = ''unconfirmed'')', rule);
END
$$;
ALTER TABLE change ADD heard_at timestamptz;  -- moves once: whoever is not known to have heard its all-clears is on the list
CREATE INDEX change_to_hear ON change (made_at) WHERE heard_at IS NULL;

-- Whether it is known, as far as a gateway tells such things, that a bundle has arrived. A function, for the planner
-- must always begin with the bundle.
CREATE FUNCTION arrived(of_bundle bigint) RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT EXISTS (SELECT FROM answer a WHERE a.bundle = of_bundle)
       OR EXISTS (SELECT FROM delivery d JOIN delivery_event e ON e.delivery = d.id
                  WHERE d.id BETWEEN of_bundle AND of_bundle + 15 AND e.delivery BETWEEN of_bundle AND of_bundle + 15
                    AND d.channel <> 'extra'
                    AND (e.what = 'delivered' OR e.what = 'accepted' AND NOT EXISTS (
                         SELECT FROM part p WHERE p.delivery = e.delivery AND p.number = e.number))) $$;

-- Orders that stand and of which none of those who are called has been reached or has answered; people is 0 where there
-- is nobody to be called: such an order would be in nobody's hands, and no ladder would ever find out.
CREATE OR REPLACE VIEW unheard AS
SELECT o.district, o.unit, o.hazard, o.family, v.level, v.made_at, count(DISTINCT ob.person)::int AS people
FROM standing_order o
JOIN order_version v ON v.standing_order = o.id AND v.superseded_at IS NULL
JOIN change c ON c.id = v.change
LEFT JOIN obligation ob ON ob.version = v.id AND ob.chased
WHERE o.lapsed_at IS NULL AND v.level IS NOT NULL AND v.not_after > engine_now()
GROUP BY o.id, v.id, c.id
-- a re-opened order asks only those who have not acted: its silence is not that of the town
HAVING v.kind IN ('issue', 'update') AND bool_and(ob.state = 'open')
    OR count(ob.person) = 0 AND c.expanded_at IS NOT NULL
       AND (v.kind <> 'reopen' OR NOT EXISTS (SELECT FROM order_version w JOIN obligation e ON e.version = w.id AND e.chased
                                              WHERE w.standing_order = o.id));
