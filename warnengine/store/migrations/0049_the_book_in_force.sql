-- works with: 0046
-- A rule book counts when one person has submitted it and another has approved it; every process looks here which one does.

CREATE FUNCTION stays_as_it_is() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'a published rule book does not change'; END $$;
CREATE TRIGGER published_books_stay BEFORE UPDATE OR DELETE ON rule_book FOR EACH ROW EXECUTE FUNCTION stays_as_it_is();

CREATE TABLE publication (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    district     text        NOT NULL REFERENCES district,
    hash         text        NOT NULL REFERENCES rule_book,
    by           text        NOT NULL,                        -- who submitted it
    why          text        NOT NULL,
    submitted_at timestamptz NOT NULL DEFAULT engine_now(),
    approved_by  text,
    since        timestamptz,                                 -- in force from then until the next
    ended_by     text,                                        -- taken back before it counted
    ended_at     timestamptz,
    CONSTRAINT approved_by_another CHECK (approved_by <> by OR by = 'installation'),
    CONSTRAINT approved_says_who CHECK ((since IS NULL) = (approved_by IS NULL)),
    CONSTRAINT ended_says_who CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    CONSTRAINT ended_never_counted CHECK (since IS NULL OR ended_at IS NULL)
);
CREATE UNIQUE INDEX one_submission_of_a_book ON publication (district, hash) WHERE since IS NULL AND ended_at IS NULL;

ALTER TABLE district ADD publication bigint REFERENCES publication;   -- the one in force; moves under the district's lock
ALTER TABLE change ADD book text REFERENCES rule_book;                -- that the rest of its people is told by; null: that in force

-- What a new book alone would make or move: it waits until the situation changes or somebody asks for it.
CREATE TABLE deferred_order (
    district text     NOT NULL REFERENCES district,
    unit     text     NOT NULL,
    hazard   text     NOT NULL,
    family   text     NOT NULL,
    book     text     NOT NULL REFERENCES rule_book,
    level    smallint NOT NULL CHECK (level BETWEEN 1 AND 4),
    reach    jsonb    NOT NULL,
    PRIMARY KEY (district, unit, hazard, family)
);
