-- Four kinds of installation. A drill lives in a schema and under a role of its own, with these same migrations; a trial
-- computes everything and tells only the duty room.
ALTER TABLE installation DROP CONSTRAINT installation_kind_check;
ALTER TABLE installation ADD CONSTRAINT installation_kind_check CHECK (kind IN ('live', 'demo', 'drill', 'trial'));
ALTER TABLE installation DROP CONSTRAINT live_clock_is_the_real_clock;
ALTER TABLE installation ADD CONSTRAINT live_clock_is_the_real_clock
    CHECK (kind IN ('demo', 'drill') OR clock_offset = '0');

-- All that a drill may see of live: one boolean.
CREATE VIEW grave_order_stands AS
SELECT EXISTS (SELECT FROM standing_order o JOIN order_version v ON v.standing_order = o.id AND v.superseded_at IS NULL
               WHERE o.lapsed_at IS NULL AND v.level >= 3) AS stands;

-- Fingerprints of this installation's accounts at gateways and of its link key. The other side asks whether one of its
-- own is among them, and learns nothing else.
CREATE TABLE route (
    fingerprint bytea       PRIMARY KEY,
    seen_at     timestamptz NOT NULL DEFAULT clock_timestamp()    -- moves: when an engine used it last
);
CREATE FUNCTION known_route(fingerprints bytea[]) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT AS
$$ SELECT EXISTS (SELECT FROM route WHERE fingerprint = ANY (fingerprints)) $$;

-- The last guard before a byte leaves: an engine that says it is of another kind than its database can write neither a
-- message nor the intent to send one.
CREATE FUNCTION only_its_own_engine() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$
DECLARE
    said text := nullif(current_setting('warnengine.kind', true), '');
BEGIN
    IF said <> (SELECT kind FROM installation) THEN
        RAISE EXCEPTION 'this engine runs as % and the database is % now: stop it and correct WARNENGINE_INSTALLATION',
            said, (SELECT kind FROM installation);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER only_its_own_engine BEFORE INSERT ON attempt FOR EACH STATEMENT EXECUTE FUNCTION only_its_own_engine();
CREATE TRIGGER only_its_own_engine BEFORE INSERT ON bundle FOR EACH STATEMENT EXECUTE FUNCTION only_its_own_engine();

-- Whatever makes a task: nobody may take one of a drill or of a trial for real.
CREATE FUNCTION task_says_its_kind() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$
DECLARE
    heading text := CASE (SELECT kind FROM installation) WHEN 'drill' THEN '【演练】' WHEN 'trial' THEN '【试运行,勿联系】' END;
BEGIN
    IF heading IS NOT NULL AND NOT starts_with(NEW.words, heading) THEN
        NEW.words := heading || NEW.words;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER task_says_its_kind BEFORE INSERT ON task FOR EACH ROW EXECUTE FUNCTION task_says_its_kind();

-- From trial to live: one asks with a preview, another confirms the same preview.
CREATE TABLE going_live (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    district     text        NOT NULL,
    asked_by     text        NOT NULL,          -- keys of people in the address list
    asked_at     timestamptz NOT NULL DEFAULT engine_now(),
    send_anew    boolean     NOT NULL,          -- orders in force are issued again, to the officials
    preview      jsonb       NOT NULL,
    sha256       bytea       NOT NULL,          -- of the preview
    confirmed_by text,                          -- moves once
    confirmed_at timestamptz,
    CONSTRAINT two_people CHECK (confirmed_by <> asked_by),
    CONSTRAINT confirmed_when CHECK ((confirmed_by IS NULL) = (confirmed_at IS NULL))
);
