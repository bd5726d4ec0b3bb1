-- What has failed at one gateway goes by another one, where there is another.
ALTER TABLE chunk ADD avoid text;

-- A gateway that takes nothing, or delivers nothing, is told to the duty room.
ALTER TABLE task DROP CONSTRAINT task_kind_check;
ALTER TABLE task ADD CONSTRAINT task_kind_check
    CHECK (kind IN ('call', 'visit', 'unclear', 'contact', 'unreached', 'decide', 'ended', 'silent', 'gateway'));
CREATE UNIQUE INDEX one_open_task_per_gateway ON task (district, danger) WHERE kind = 'gateway' AND closed_at IS NULL;
