-- works with: 0052
-- A warning comes by several providers, each under a name of its own; what is standing has an end that moves; a first
-- start takes what is in force without telling anybody; and what no order came of is listed.

-- By what a warning is recognised under another name: its national number, and each danger with level and minute.
CREATE TABLE warning_saying (
    saying  text   NOT NULL,
    warning bigint NOT NULL REFERENCES warning ON DELETE CASCADE,
    PRIMARY KEY (saying, warning)
);
CREATE INDEX warning_saying_of ON warning_saying (warning);

-- The names that it has beside its own.
CREATE TABLE warning_name (
    issuer     text   NOT NULL,
    identifier text   NOT NULL,
    warning    bigint NOT NULL REFERENCES warning ON DELETE CASCADE,
    source     text   NOT NULL,
    PRIMARY KEY (issuer, identifier)
);
CREATE INDEX warning_name_of ON warning_name (warning);

-- Digest of the gravest level of each danger (null: kept by an older engine), and whether only a title is known. Both move
-- once, with headline, description, body, meaning and levels: when the whole text comes.
ALTER TABLE warning ADD grades bytea, ADD title_only boolean NOT NULL DEFAULT false;

-- When what stands is over unless somebody says otherwise. Moves with the messages behind it, though they tell nobody
-- anything new (继续发布); null: the end of its version.
ALTER TABLE standing_order ADD until timestamptz;

-- What was issued before this moment was in force when a new installation started: it stands, and nobody is told.
-- Written with the installation and never again; null: everything is told.
ALTER TABLE installation ADD found_until timestamptz;
ALTER TABLE change ADD quiet boolean NOT NULL DEFAULT false;

-- As before, until the end that counts; of what was found in force nobody is asked whether it was heard or begun.
CREATE OR REPLACE VIEW response AS
SELECT o.district, o.unit, o.hazard, o.family, v.id AS version, v.level, v.change, v.not_after, grave.since,
       coalesce((SELECT array_agg(DISTINCT split_part(post, '/', 2))
                 FROM order_version w JOIN obligation ob ON ob.version = w.id AND ob.acting_at IS NOT NULL
                 JOIN bundle b ON b.id = ob.bundle, unnest(b.posts) AS post
                 WHERE w.standing_order = o.id AND w.version >= grave.version AND split_part(post, '/', 1) = o.unit), '{}')
           AS started
FROM standing_order o
JOIN order_version v ON v.standing_order = o.id AND v.superseded_at IS NULL AND v.level IS NOT NULL
JOIN change c ON c.id = v.change AND NOT c.quiet
CROSS JOIN LATERAL (
    SELECT min(w.made_at) AS since, min(w.version) AS version FROM order_version w
    WHERE w.standing_order = o.id AND w.version > coalesce(
        (SELECT max(x.version) FROM order_version x WHERE x.standing_order = o.id AND x.level < v.level), 0)) AS grave
WHERE o.lapsed_at IS NULL AND coalesce(o.until, v.not_after) > engine_now();
CREATE OR REPLACE VIEW unheard AS
SELECT o.district, o.unit, o.hazard, o.family, v.level, v.made_at, count(DISTINCT ob.person)::int AS people
FROM standing_order o
JOIN order_version v ON v.standing_order = o.id AND v.superseded_at IS NULL
JOIN change c ON c.id = v.change AND NOT c.quiet
LEFT JOIN obligation ob ON ob.version = v.id AND ob.chased
WHERE o.lapsed_at IS NULL AND v.level IS NOT NULL AND coalesce(o.until, v.not_after) > engine_now()
GROUP BY o.id, v.id, c.id
-- a re-opened order asks only those who have not acted: its silence is not that of the town
HAVING v.kind IN ('issue', 'update') AND bool_and(ob.state = 'open')
    OR count(ob.person) = 0 AND c.expanded_at IS NOT NULL
       AND (v.kind <> 'reopen' OR NOT EXISTS (SELECT FROM order_version w JOIN obligation e ON e.version = w.id AND e.chased
                                              WHERE w.standing_order = o.id));

-- Warnings of which no order came, each once, with the reason as it was then.
CREATE TABLE unmatched (
    id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    district text        NOT NULL REFERENCES district,
    issuer   text        NOT NULL,
    identifier text      NOT NULL,
    headline text        NOT NULL,
    hazard   text        NOT NULL,
    family   text        NOT NULL,
    level    smallint    CHECK (level BETWEEN 1 AND 4),
    why      text        NOT NULL,
    sent     timestamptz NOT NULL,
    at       timestamptz NOT NULL DEFAULT engine_now(),
    UNIQUE (district, issuer, identifier, hazard, family)
);
CREATE INDEX unmatched_newest ON unmatched (district, id DESC);
