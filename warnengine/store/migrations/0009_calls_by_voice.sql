-- A machine calls, speaks the text and takes a key.
ALTER TABLE timer DROP CONSTRAINT timer_act_check;
ALTER TABLE timer ADD CONSTRAINT timer_act_check
    CHECK (act IN ('again', 'deputy', 'superior', 'voice', 'duty_room', 'visit'));
ALTER TABLE answer DROP CONSTRAINT answer_manner_check;
ALTER TABLE answer ADD CONSTRAINT answer_manner_check CHECK (manner IN ('sms', 'voice', 'page', 'duty_room'));
CREATE INDEX timer_of_calls ON timer (fired_at) WHERE act = 'voice';
