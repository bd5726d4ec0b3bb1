-- Kinds of tasks are rows, so that each capability adds its own.
CREATE TABLE task_kind (kind text PRIMARY KEY);
INSERT INTO task_kind VALUES ('call'), ('visit'), ('unclear'), ('contact'), ('unreached'), ('decide'), ('ended'), ('silent');
ALTER TABLE task DROP CONSTRAINT task_kind_check;
ALTER TABLE task ADD CONSTRAINT task_is_of_a_kind FOREIGN KEY (kind) REFERENCES task_kind;
