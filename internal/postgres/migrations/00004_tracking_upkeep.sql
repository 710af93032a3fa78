-- +goose Up

ALTER TABLE service_limits
    ADD COLUMN next_look_at timestamptz NOT NULL DEFAULT '-infinity', -- virtual: for numbers that the service has given up
    ADD COLUMN served_at    timestamptz NOT NULL DEFAULT now();       -- real: when a worker that has the service last swept

-- An order that shares a parcel may need it asked about longer than the one that recorded it.
ALTER TABLE parcels ADD COLUMN polled boolean NOT NULL DEFAULT false; -- the order, as judged last, wants its carrier asked
UPDATE parcels p SET polled = true FROM orders o, tracked t
WHERE o.order_pk = p.order_pk AND o.stage <> '' AND o.end_reason = ''
  AND t.store = p.store AND t.tracking_number = p.tracking_number AND t.next_poll_at IS NOT NULL;

-- By carrier, so that a sweep does not wade through what is due of others.
DROP INDEX tracked_due;
CREATE INDEX tracked_due ON tracked (upper(carrier), next_poll_at) WHERE next_poll_at IS NOT NULL;

ALTER TABLE unreadable ADD COLUMN hash bytea; -- of what is kept once, such as a row without a time; null: kept each time
CREATE UNIQUE INDEX unreadable_once ON unreadable (service, hash);

-- +goose Down
ALTER TABLE unreadable DROP COLUMN hash;
DROP INDEX tracked_due;
CREATE INDEX tracked_due ON tracked (next_poll_at) WHERE next_poll_at IS NOT NULL;
ALTER TABLE parcels DROP COLUMN polled;
ALTER TABLE service_limits DROP COLUMN next_look_at, DROP COLUMN served_at;
