-- works with: 0052
-- Feeds that are asked again and again: where each stands, the documents that it lists, and who asks next.

CREATE TABLE feed (
    district       text        NOT NULL REFERENCES district,
    name           text        NOT NULL,
    began_at       timestamptz NOT NULL DEFAULT engine_now(),
    claim          bigint      NOT NULL DEFAULT 0,      -- counts the polls
    next_at        timestamptz NOT NULL DEFAULT clock_timestamp(),  -- real time; while somebody polls, when that is over
    etag           text        NOT NULL DEFAULT '',
    modified       text        NOT NULL DEFAULT '',
    sha256         bytea       NOT NULL DEFAULT '',     -- of the list that stands
    succeeded_at   timestamptz,
    failures       int         NOT NULL DEFAULT 0,      -- polls in a row in vain
    trouble        text,
    detail         text        NOT NULL DEFAULT '',
    unread         text        NOT NULL DEFAULT '',     -- why the list that stands could not be read
    unread_since   timestamptz,
    garbled        int         NOT NULL DEFAULT 0,      -- documents in a row that could not be read
    garbled_since  timestamptz,
    garbled_why    text        NOT NULL DEFAULT '',     -- of the last of them
    newest         timestamptz,                         -- time of sending of the newest warning
    PRIMARY KEY (district, name)
);

CREATE TABLE feed_document (
    district   text        NOT NULL,
    feed       text        NOT NULL,
    url        text        NOT NULL,
    place      int         NOT NULL,                    -- in the list that it was in last
    listed     boolean     NOT NULL,
    stamp      text        NOT NULL,                    -- of its entry
    listed_at  timestamptz NOT NULL DEFAULT engine_now(),  -- since when under this stamp
    had        text,                                    -- the stamp under which it was fetched last
    etag       text        NOT NULL DEFAULT '',
    modified   text        NOT NULL DEFAULT '',
    sha256     bytea       NOT NULL DEFAULT '',
    checked_at timestamptz,
    failures   int         NOT NULL DEFAULT 0,
    trouble    text,
    detail     text        NOT NULL DEFAULT '',
    PRIMARY KEY (district, feed, url),
    FOREIGN KEY (district, feed) REFERENCES feed
);

DO $$
DECLARE
    rule text;
BEGIN
    SELECT pg_get_expr(conbin, conrelid) INTO STRICT rule FROM pg_constraint
    WHERE conrelid = 'task'::regclass AND conname = 'task_kind_check';
    ALTER TABLE task DROP CONSTRAINT task_kind_check;
    EXECUTE format('ALTER TABLE task ADD CONSTRAINT task_kind_check CHECK (%s OR kind = ''feed'')', rule);
END
$$;
CREATE UNIQUE INDEX one_task_per_feed ON task (district, danger) WHERE kind = 'feed' AND closed_at IS NULL;
