-- A line that one process at a time may bind: who holds it, for the how-manieth time it has changed hands, and until
-- when (real time). Whoever has let it run out has unbound before.
CREATE TABLE line_lease (
    gateway     text        PRIMARY KEY,
    owner       text        NOT NULL,
    epoch       bigint      NOT NULL CHECK (epoch > 0),
    lease_until timestamptz NOT NULL,
    well        boolean     NOT NULL     -- whether the holder can send by it: who stands by learns it here
);
