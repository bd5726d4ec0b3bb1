-- What a limit holds back is told at once to whoever may let it through.
ALTER TABLE halt ADD told_at timestamptz;
UPDATE halt SET told_at = at WHERE automatic;  -- of what was held before today the duty room's list told
DO $$
DECLARE
    place record;
BEGIN
    FOR place IN SELECT * FROM (VALUES ('bundle', 'bundle_purpose_check'), ('text', 'text_purpose_check')) AS of (tab, con)
                 JOIN pg_constraint k ON k.conrelid = of.tab::regclass AND k.conname = of.con
    LOOP
        EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', place.tab, place.con);
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (purpose = ''held'' OR %s)', place.tab, place.con,
                       pg_get_expr(place.conbin, place.conrelid));
    END LOOP;
END
$$;
