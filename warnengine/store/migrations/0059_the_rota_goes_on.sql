-- works with: 0052
-- To the end of which year the stints of a district were worked out. When another year is known, they are made anew, so
-- that a rota does not end because a year does.

CREATE TABLE counted_to (
    district text     PRIMARY KEY REFERENCES district,
    year     smallint NOT NULL
);
