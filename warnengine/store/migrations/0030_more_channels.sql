-- Loudspeakers, the district's own app, WeCom, and whatever Apprise reaches.
ALTER TABLE address DROP CONSTRAINT address_channel_check;
ALTER TABLE address ADD CONSTRAINT address_channel_check
    CHECK (channel IN ('sms', 'push', 'email', 'call', 'wecom', 'app', 'loudspeaker', 'extra'));
ALTER TABLE answer DROP CONSTRAINT answer_manner_check;
ALTER TABLE answer ADD CONSTRAINT answer_manner_check
    CHECK (manner IN ('sms', 'voice', 'page', 'duty_room', 'wecom', 'app'));

-- Gateways write one number in many ways; names, mailboxes and endpoints are written in one, in capitals or not.
CREATE OR REPLACE FUNCTION same_address(one text, other text) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT lower(one) = lower(other)
       OR one ~ '^[0-9+(][0-9 ().+-]*$' AND other ~ '^[0-9+(][0-9 ().+-]*$'
          AND right(regexp_replace(one, '\D', '', 'g'), 11) = right(regexp_replace(other, '\D', '', 'g'), 11) $$;

-- Whether somebody in the address list is a loudspeaker: it plays, and nobody waits for its answer. One expression, so
-- that it is planned within the query that asks.
CREATE INDEX address_of_loudspeaker ON address (district, person) WHERE channel = 'loudspeaker' AND retired_at IS NULL;
CREATE FUNCTION is_loudspeaker(of_district text, of_person text) RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT EXISTS (SELECT FROM address a WHERE a.district = of_district AND a.person = of_person
                  AND a.channel = 'loudspeaker' AND a.retired_at IS NULL)
      AND NOT EXISTS (SELECT FROM address a WHERE a.district = of_district AND a.person = of_person
                      AND a.channel <> 'loudspeaker' AND a.retired_at IS NULL) $$;
