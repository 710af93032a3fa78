-- +goose Up

-- Serials of the order's Shipment workflows that were started and not yet found ended: they hear
-- what becomes of the order. One too many costs a call in vain.
ALTER TABLE orders ADD COLUMN shipments integer[] NOT NULL DEFAULT '{}';

-- Up to when the other lists of a store were read at its platform. Virtual.
CREATE TABLE platform_lists (
    platform text COLLATE "C" NOT NULL,
    store    text COLLATE "C" NOT NULL,
    list     text COLLATE "C" NOT NULL, -- abnormal, settlements
    upto     timestamptz NOT NULL,
    PRIMARY KEY (platform, store, list)
);

-- What the platform pays out for each child order, as it said last. Amounts are null where it
-- does not tell them.
CREATE TABLE settlements (
    platform        text COLLATE "C" NOT NULL,
    store           text COLLATE "C" NOT NULL,
    order_no        text COLLATE "C" NOT NULL,
    child_order_no  text COLLATE "C" NOT NULL,
    status          text NOT NULL,           -- the platform's loan_status
    wait_reason     text NOT NULL,           -- why it is not paid out yet
    currency        text NOT NULL,           -- of all amounts; empty: none is told
    loan            numeric,                 -- to be paid out
    real_loan       numeric,                 -- paid out
    escrow_fee      numeric,                 -- the platform's commission
    affiliate       numeric,                 -- commission of affiliates
    refund          numeric,                 -- to be paid back
    real_refund     numeric,                 -- paid back
    at              timestamptz NOT NULL,    -- virtual; when it was first said so
    PRIMARY KEY (platform, store, order_no, child_order_no)
);
CREATE INDEX settlements_of_store ON settlements (store, at);

-- +goose Down
DROP TABLE settlements, platform_lists;
ALTER TABLE orders DROP COLUMN shipments;
