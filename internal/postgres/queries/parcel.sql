-- name: TrackedOf :one
-- The parcel that a store knows by a number: by the declared one before a further one.
SELECT t.tracking_number, t.order_no, t.carrier, t.service_code, t.country FROM tracked t
WHERE t.store = @store::text AND t.tracking_number = ANY(ARRAY(
    SELECT @number::text UNION ALL SELECT a.tracking_number FROM aliases a WHERE a.alias = @number::text AND a.store = @store::text))
ORDER BY t.tracking_number <> @number::text, t.tracking_number LIMIT 1;
