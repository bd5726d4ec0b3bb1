-- Whether an attempt of this number was intended, or dropped. A function, for the planner must look it up delivery by
-- delivery, and never with all that was ever sent.
CREATE FUNCTION tried(of_delivery bigint, of_number smallint) RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT EXISTS (SELECT FROM attempt a WHERE a.delivery = of_delivery AND a.number = of_number)
       OR EXISTS (SELECT FROM delivery_event e WHERE e.delivery = of_delivery AND e.number = of_number) $$;
