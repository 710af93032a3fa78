-- name: TrackedOf :one
-- The parcel that a store knows by a number: by the declared one before a further one.
SELECT t.tracking_number, t.order_no, t.carrier, t.service_code, t.country FROM tracked t
WHERE t.store = @store::text AND t.tracking_number = ANY(ARRAY(
    SELECT @number::text UNION ALL SELECT a.tracking_number FROM aliases a WHERE a.alias = @number::text AND a.store = @store::text))
ORDER BY t.tracking_number <> @number::text, t.tracking_number LIMIT 1;

-- name: AliasesOf :many
-- Further numbers of a parcel. One that the store has recorded is a parcel of its own: a waybill
-- that shows it is that one's.
SELECT a.alias FROM aliases a
WHERE a.store = @store::text AND a.tracking_number = @number::text
  AND NOT EXISTS (SELECT FROM tracked t WHERE t.tracking_number = a.alias AND t.store = a.store)
ORDER BY a.alias;
