-- What people do beside the rules: stop everything, order by hand, withdraw, approve by telephone.

-- Stops. One holds until another person ends it; what it held is judged again then.
CREATE TABLE halt (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope      text        NOT NULL CHECK (scope IN ('all', 'district', 'order')),
    target     text        NOT NULL DEFAULT '',  -- district code, or id of a standing order
    by         text        NOT NULL,
    why        text        NOT NULL,
    automatic  boolean     NOT NULL DEFAULT false, -- by a limit of approvals.yaml
    at         timestamptz NOT NULL DEFAULT engine_now(),
    resumed_at timestamptz,
    resumed_by text,
    CONSTRAINT all_has_no_target CHECK ((scope = 'all') = (target = '')),
    CONSTRAINT resumed_says_who CHECK ((resumed_at IS NULL) = (resumed_by IS NULL)),
    CONSTRAINT resumed_by_another CHECK (resumed_by <> by)
);
CREATE UNIQUE INDEX one_halt_of_each ON halt (scope, target) WHERE resumed_at IS NULL;

CREATE FUNCTION halts_in_force() RETURNS text[] LANGUAGE sql STABLE AS
$$ SELECT coalesce(array_agg(rtrim(scope || ' ' || target)), '{}') FROM halt WHERE resumed_at IS NULL $$;

-- The stops, as whoever writes an intent must read them: the lock is held until the intents are committed, and stopping
-- takes it alone. So after a stop is committed no intent can be that had not been before. The second statement of a
-- volatile function sees what was committed while the first one waited.
CREATE FUNCTION halts() RETURNS text[] LANGUAGE plpgsql VOLATILE AS
$$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7073);
    RETURN halts_in_force();
END
$$;

-- Whether a bundle may not leave now. A stopped order may still be taken back, and its authority still be asked.
CREATE FUNCTION stopped(one bundle, halts text[]) RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT halts <> '{}' AND ('all' = ANY (halts) OR 'district ' || one.district = ANY (halts)
       OR one.kind <> 'lapse' AND one.approval IS NULL AND EXISTS (
           SELECT FROM order_version v WHERE v.id = ANY (one.versions) AND 'order ' || v.standing_order = ANY (halts))) $$;

-- Orders that no rule made (超预案). A correction is another row of the same root, and takes the place of the older.
CREATE TABLE manual_order (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    root        bigint      NOT NULL,
    district    text        NOT NULL REFERENCES district,
    units       text[]      NOT NULL CHECK (units <> '{}'),
    words       text        NOT NULL,
    deadline    timestamptz NOT NULL,
    level       smallint    NOT NULL CHECK (level BETWEEN 1 AND 4),
    not_after   timestamptz NOT NULL,
    why         text        NOT NULL,
    author      text        NOT NULL,
    drafted_at  timestamptz NOT NULL DEFAULT engine_now(),
    sent_at     timestamptz,
    sent_by     text[],
    break_glass text,        -- why one person alone sent it
    sha256      text,        -- of the preview that was confirmed
    ended_at    timestamptz, -- withdrawn, ended, replaced by a correction, or never sent
    CONSTRAINT ends_after_its_deadline CHECK (not_after >= deadline),
    CONSTRAINT sent_says_by_whom CHECK ((sent_at IS NULL) = (sent_by IS NULL) AND (sent_at IS NULL) = (sha256 IS NULL)),
    CONSTRAINT two_persons_or_a_reason CHECK (sent_at IS NULL OR cardinality(sent_by) > 1 OR break_glass IS NOT NULL)
);
CREATE UNIQUE INDEX one_manual_order_counts ON manual_order (root) WHERE sent_at IS NOT NULL AND ended_at IS NULL;

-- Who has looked at exactly this preview and says yes; another preview needs another yes.
CREATE TABLE manual_approval (
    manual bigint      NOT NULL REFERENCES manual_order,
    sha256 text        NOT NULL,
    by     text        NOT NULL,
    role   text        NOT NULL,
    at     timestamptz NOT NULL DEFAULT engine_now(),
    PRIMARY KEY (manual, sha256, by)
);

-- Orders that were sent by mistake. The messages behind one order nothing more; a new message does.
CREATE TABLE withdrawal (
    standing_order bigint      PRIMARY KEY REFERENCES standing_order,
    district       text        NOT NULL,
    words          text        NOT NULL,  -- what its people read
    seen           text[]      NOT NULL,
    why            text        NOT NULL,
    by             text        NOT NULL,
    at             timestamptz NOT NULL DEFAULT engine_now()
);

-- Requests for approval that come after the act, and countersignatures of what was said by telephone.
ALTER TABLE approval ADD kind text NOT NULL DEFAULT 'before' CHECK (kind IN ('before', 'after', 'countersign')),
    ADD of bigint REFERENCES approval,        -- countersign: the decision
    ADD asks text,                            -- countersign: the person who decided
    ADD manner text NOT NULL DEFAULT 'entered' CHECK (manner IN ('entered', 'telephone', 'answer')),
    ADD recorded_by text,                     -- telephone: who wrote it down
    ADD called_at timestamptz,
    ADD author text,                          -- after: who sent it alone
    ADD CONSTRAINT nobody_approves_their_own CHECK (author <> by OR decision <> 'yes'),
    ADD CONSTRAINT countersign_is_of_something CHECK ((kind = 'countersign') = (of IS NOT NULL AND asks IS NOT NULL)),
    ADD CONSTRAINT telephone_says_who_and_when CHECK ((manner = 'telephone') = (recorded_by IS NOT NULL AND called_at IS NOT NULL)),
    ADD CONSTRAINT nobody_records_their_own_word CHECK (recorded_by <> by);
DROP INDEX one_approval_per_change;
CREATE UNIQUE INDEX one_approval_per_change ON approval (change, level) WHERE kind <> 'countersign';
CREATE UNIQUE INDEX one_countersign_per_decision ON approval (of) WHERE kind = 'countersign';

CREATE OR REPLACE VIEW askable AS
SELECT a.id, a.due FROM approval a
WHERE a.decided_at IS NULL
  AND (a.kind = 'countersign'
       OR EXISTS (SELECT FROM approval_item i JOIN order_version v ON v.standing_order = i.standing_order
                  WHERE i.approval = a.id AND i.voided_at IS NULL AND v.superseded_at IS NULL AND v.not_after > engine_now()));
