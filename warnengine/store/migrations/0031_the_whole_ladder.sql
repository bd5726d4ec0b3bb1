-- The 叫应 ladder to its end: how far it is proven that somebody knows and acts, who answered for whom, what is done
-- of an order and what is not, and units that have not begun.

-- A list that a column may take from grows; what it had stays.
CREATE FUNCTION also_allow(on_table regclass, name text, more text) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
    rule text;
BEGIN
    SELECT pg_get_expr(conbin, conrelid) INTO STRICT rule FROM pg_constraint WHERE conrelid = on_table AND conname = name;
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', on_table, name);
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (%s OR %s)', on_table, name, rule, more);
END
$$;
SELECT also_allow('timer', 'timer_act_check', $$act IN ('finish', 'unfinished', 'shared')$$);
SELECT also_allow('task', 'task_kind_check', $$kind = 'unstarted'$$);
SELECT also_allow('text', 'text_purpose_check', $$purpose IN ('reminder', 'finish', 'unfinished', 'shared', 'unstarted')$$);
SELECT also_allow('bundle', 'bundle_purpose_check',
                  $$purpose IN ('reminder', 'finish', 'unfinished', 'shared', 'unstarted')$$);
DROP FUNCTION also_allow;

-- A message about several: one text to one person, however many bundles have run out at once.
ALTER TABLE bundle ADD about bigint[] NOT NULL DEFAULT '{}';  -- beside behalf: the bundles that it asks about again
DROP INDEX one_text_per_set;                                  -- what is asked again names what is left at that moment
CREATE UNIQUE INDEX one_text_per_set ON text (change, purpose, versions, known) WHERE purpose = 'order';
ALTER TABLE text ADD items text[] NOT NULL DEFAULT '{}';      -- measures as its reader counts them: ①②③; none where several orders count

-- Who answered for somebody else is responsible, whoever answers later.
ALTER TABLE obligation ADD responsible text;                  -- null: the person
ALTER TABLE answer ADD who text NOT NULL DEFAULT '',          -- who spoke, where it was not the person
                   ADD why text NOT NULL DEFAULT '',
                   ADD counted boolean NOT NULL DEFAULT true, -- false: kept, and the ladder goes on
                   ADD item smallint;                         -- of the text: what is done
ALTER TABLE answer ADD CONSTRAINT on_behalf_says_why CHECK ((who = '') = (why = ''));

-- What is done of an order, reported by whoever; everybody of a unit reports the whole unit.
CREATE TABLE item_done (
    version bigint      NOT NULL REFERENCES order_version,
    measure text        NOT NULL,
    person  text        NOT NULL,
    at      timestamptz NOT NULL DEFAULT engine_now(),
    PRIMARY KEY (version, measure)
);

-- Somebody else has looked: 抽查.
CREATE TABLE verification (
    id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version bigint      NOT NULL,
    person  text        NOT NULL,
    by      text        NOT NULL,
    words   text        NOT NULL DEFAULT '',
    at      timestamptz NOT NULL DEFAULT engine_now(),
    FOREIGN KEY (version, person) REFERENCES obligation
);
CREATE INDEX verification_of ON verification (version, person);

-- The six levels of proof.
CREATE FUNCTION proof_of(o obligation) RETURNS int LANGUAGE sql STABLE AS
$$ SELECT CASE
       WHEN EXISTS (SELECT FROM verification f WHERE f.version = o.version AND f.person = o.person) THEN 5
       WHEN o.acting_at IS NOT NULL OR o.done_at IS NOT NULL THEN 4
       WHEN o.acked_at IS NOT NULL THEN 3
       WHEN EXISTS (SELECT FROM bundle b JOIN reply r ON r.bundle = b.id AND r.verdict = 'unclear'
                    WHERE b.district = o.district AND b.person = o.person AND o.version = ANY (b.versions)) THEN 2
       WHEN o.reached_at IS NOT NULL THEN 1 ELSE 0 END $$;
CREATE INDEX reply_of ON reply (bundle) WHERE bundle IS NOT NULL;

-- Whether what a message asks for has been answered since it was written.
CREATE FUNCTION no_longer_asked(of_bundle bigint) RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT b.purpose IN ('escalation', 'reminder', 'finish', 'unfinished') AND NOT EXISTS (
       SELECT FROM obligation o WHERE o.bundle = ANY (b.behalf || b.about) AND o.chased
       AND o.state = ANY (CASE WHEN b.purpose IN ('finish', 'unfinished') THEN ARRAY['acked', 'acting']
                               ELSE ARRAY['open', 'reached'] END))
   FROM bundle b WHERE b.id = of_bundle $$;

-- Who is asked for the end of an order: of a unit those who are at it, or else all who have answered; nobody once one
-- of them has reported it done. Who answered for somebody is asked in their place.
CREATE VIEW owing AS
SELECT o.bundle, o.version, coalesce(o.responsible, o.person) AS person
FROM obligation o JOIN order_version v ON v.id = o.version
WHERE o.chased AND o.state IN ('acked', 'acting') AND v.kind <> 'lapse' AND v.superseded_at IS NULL
  AND NOT EXISTS (SELECT FROM obligation d WHERE d.version = o.version AND d.chased AND d.state = 'done')
  AND (o.state = 'acting'
       OR NOT EXISTS (SELECT FROM obligation d WHERE d.version = o.version AND d.chased AND d.state = 'acting'));

-- Units with the clock of their response: since when the order is so grave, and the posts that have reported since.
ALTER TABLE task ADD told_at timestamptz;  -- unstarted: the district leader knows
CREATE UNIQUE INDEX one_open_task_per_response ON task (district, danger) WHERE kind = 'unstarted' AND closed_at IS NULL;
CREATE VIEW response AS
SELECT o.district, o.unit, o.hazard, o.family, v.id AS version, v.level, v.change, v.not_after, grave.since,
       coalesce((SELECT array_agg(DISTINCT split_part(post, '/', 2))
                 FROM order_version w JOIN obligation ob ON ob.version = w.id AND ob.acting_at IS NOT NULL
                 JOIN bundle b ON b.id = ob.bundle, unnest(b.posts) AS post
                 WHERE w.standing_order = o.id AND w.version >= grave.version AND split_part(post, '/', 1) = o.unit), '{}')
           AS started
FROM standing_order o
JOIN order_version v ON v.standing_order = o.id AND v.superseded_at IS NULL AND v.level IS NOT NULL
CROSS JOIN LATERAL (
    SELECT min(w.made_at) AS since, min(w.version) AS version FROM order_version w
    WHERE w.standing_order = o.id AND w.version > coalesce(
        (SELECT max(x.version) FROM order_version x WHERE x.standing_order = o.id AND x.level < v.level), 0)) AS grave
WHERE o.lapsed_at IS NULL AND v.not_after > engine_now();

-- What an answer says of who spoke for whom is sealed with it; answers of before keep their seal.
CREATE OR REPLACE VIEW answer_seal AS
SELECT a.id, jsonb_build_object('id', a.id, 'bundle', a.bundle, 'person', b.person, 'step', a.step, 'manner', a.manner,
           'by', a.by, 'number', a.number, 'at', extract(epoch FROM a.at),
           'words', encode(sha256(convert_to(a.words, 'UTF8')), 'hex'))
       || CASE WHEN a.who = '' THEN '{}'
               ELSE jsonb_build_object('who', a.who, 'why', encode(sha256(convert_to(a.why, 'UTF8')), 'hex'),
                                       'counted', a.counted) END
       || CASE WHEN a.item IS NULL THEN '{}' ELSE jsonb_build_object('item', a.item) END AS seal
FROM answer a JOIN bundle b ON b.id = a.bundle;
