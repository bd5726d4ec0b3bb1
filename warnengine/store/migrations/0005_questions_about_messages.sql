-- A question about a message that came in is put to the duty room once, however often and by however many ways the
-- message comes: `about` is the hash of its words.

ALTER TABLE task ADD about bytea;
CREATE UNIQUE INDEX one_task_per_question ON task (district, about) WHERE about IS NOT NULL;
