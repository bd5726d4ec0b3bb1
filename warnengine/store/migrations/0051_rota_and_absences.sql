-- works with: 0046
-- The address list as it was imported: the plain list, absences, the rota, the days off. `holding` is what follows from
-- it, stint by stint, so that on_duty() stays one comparison, whatever the rota says.

CREATE TABLE listed (
    district text NOT NULL REFERENCES district,
    place    int  NOT NULL,   -- in the file
    unit     text NOT NULL,
    post     text NOT NULL,
    person   text NOT NULL,
    deputy   text,
    superior text,
    PRIMARY KEY (district, unit, post, person),
    FOREIGN KEY (district, person) REFERENCES person
);
CREATE TABLE absence (
    district text        NOT NULL,
    place    int         NOT NULL,
    person   text        NOT NULL,
    starts   timestamptz NOT NULL,
    ends     timestamptz NOT NULL CHECK (ends > starts),
    stand_in text,            -- null: the deputy of each post
    reason   text        NOT NULL,
    PRIMARY KEY (district, person, starts),
    FOREIGN KEY (district, person) REFERENCES person,
    FOREIGN KEY (district, stand_in) REFERENCES person
);
CREATE TABLE shift (
    district text     NOT NULL,
    place    int      NOT NULL,
    unit     text     NOT NULL,
    post     text     NOT NULL,
    days     text     NOT NULL,   -- a date, or 工作日, 休息日, 节假日, 每天, 周一 …
    begins   time     NOT NULL,   -- by the clock of Beijing
    lasts    interval NOT NULL CHECK (lasts > '0' AND lasts <= '24 hours'),
    person   text     NOT NULL,
    PRIMARY KEY (district, place),
    FOREIGN KEY (district, person) REFERENCES person
);
CREATE TABLE special_day (
    district text NOT NULL REFERENCES district,
    day      date NOT NULL,
    kind     text NOT NULL CHECK (kind IN ('节假日', '上班')),
    PRIMARY KEY (district, day)
);
INSERT INTO listed (district, place, unit, post, person, deputy, superior)
SELECT district, row_number() OVER (ORDER BY unit, post, person), unit, post, person, deputy, superior
FROM on_duty(engine_now()) WHERE district <> canary();

-- Of several numbers of somebody the first comes first.
ALTER TABLE address ADD rank smallint NOT NULL DEFAULT 0;

-- Who is on duty is looked up among what is not over, however much history there is.
CREATE INDEX holding_now ON holding (ends, starts);
