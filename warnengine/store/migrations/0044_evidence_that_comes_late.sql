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
CREATE UNIQUE INDEX one_task_per_all_clear ON task (district, danger) WHERE kind = 'unconfirmed';
