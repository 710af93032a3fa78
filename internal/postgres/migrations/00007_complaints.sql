-- +goose Up

-- The freight complaints of each order, as the rules said when its facts were last judged.
CREATE TABLE complaints (
    order_pk     bigint NOT NULL REFERENCES orders,
    complaint_id text COLLATE "C" NOT NULL,
    opened_at    timestamptz NOT NULL, -- virtual, like all times but the last
    respond_by   timestamptz NOT NULL,
    answered_at  timestamptz,
    decided_at   timestamptz,
    status       text NOT NULL,
    points       integer NOT NULL, -- service points taken; 0 until it is upheld
    at_risk      numeric,          -- what the buyer paid, until the decision
    frozen       numeric,          -- the same once it is upheld; no fact tells of the release
    currency     text NOT NULL,
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_pk, complaint_id)
);
CREATE INDEX complaints_by_opening ON complaints (opened_at);

-- The Ticket workflows of each order that may run, from their first look into the inbox on: the
-- dispatcher tells them what settles them, and strikes out those that it finds ended.
CREATE TABLE open_tickets (
    order_pk    bigint NOT NULL REFERENCES orders,
    workflow_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (order_pk, workflow_id)
);

-- +goose Down
DROP TABLE complaints, open_tickets;
