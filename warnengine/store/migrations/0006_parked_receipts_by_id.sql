-- A receipt that came before its message was known is looked for from the message, once that is known.
-- An id however a gateway writes it: no blanks around it, no capitals, no leading zeros; an index row has little room.
CREATE FUNCTION bare_id(id text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT left(ltrim(lower(btrim(id)), '0'), 100) $$;
CREATE INDEX receipt_parked_id ON receipt (gateway, bare_id(provider_id)) WHERE matched_at IS NULL;
