-- +goose Up

-- A store's health asks how many orders and disputes there were in a span, not in all its years.
CREATE INDEX orders_of_span ON orders (store, created_at);
DROP INDEX inbox_opened;
CREATE INDEX inbox_opened ON inbox (store, event_time) WHERE type IN ('complaint.opened', 'dispute.opened');

-- +goose Down
DROP INDEX inbox_opened, orders_of_span;
CREATE INDEX inbox_opened ON inbox (store) WHERE type IN ('complaint.opened', 'dispute.opened');
