-- +goose Up

ALTER TABLE traces ADD COLUMN code text NOT NULL DEFAULT ''; -- the service's own, raw

-- One row per store and declared number: when its carrier is to be asked next, and what came
-- of it. Virtual times, but for the lease.
CREATE TABLE tracked (
    store           text COLLATE "C" NOT NULL,
    tracking_number text COLLATE "C" NOT NULL,
    order_no        text COLLATE "C" NOT NULL, -- the first that recorded it
    carrier         text COLLATE "C" NOT NULL, -- as recorded
    service_code    text NOT NULL,             -- the platform's
    country         text NOT NULL DEFAULT '',
    plan            jsonb NOT NULL DEFAULT '[]', -- rules.PollPlan
    check_by        timestamptz,               -- when the carrier must know the number; null: it does
    heard           boolean NOT NULL DEFAULT false, -- a service has answered with rows
    next_poll_at    timestamptz,               -- null: nothing that the carrier could say matters
    asked_at        timestamptz,
    answer_hash     bytea,                     -- of the latest answer: what came again is not looked at twice
    watched_by      text NOT NULL DEFAULT '',  -- the service account that was asked to watch
    attempts        integer NOT NULL DEFAULT 0, -- failed ones in a row
    last_error      text NOT NULL DEFAULT '',
    leased_until    timestamptz NOT NULL DEFAULT '-infinity', -- real; in the future: a sweep has it in hand
    PRIMARY KEY (tracking_number, store) -- services name numbers, not stores
) WITH (fillfactor = 70);
CREATE INDEX tracked_heard ON tracked (store, carrier) WHERE heard;
CREATE INDEX tracked_due ON tracked (next_poll_at) WHERE next_poll_at IS NOT NULL;

-- Further numbers of a parcel: the last mile's often differs from the declared one.
CREATE TABLE aliases (
    alias           text COLLATE "C" NOT NULL,
    store           text COLLATE "C" NOT NULL,
    tracking_number text COLLATE "C" NOT NULL, -- the declared one
    service         text NOT NULL,             -- which told of it
    learnt_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (alias, store, tracking_number)
);
CREATE INDEX aliases_of_number ON aliases (store, tracking_number);

-- What was pushed of numbers that no order has recorded yet: kept until one does.
CREATE TABLE strays (
    service         text COLLATE "C" NOT NULL,
    tracking_number text COLLATE "C" NOT NULL,
    hash            bytea NOT NULL, -- of the answer
    answer          jsonb NOT NULL, -- port.Answer
    received_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tracking_number, service, hash)
);
CREATE INDEX strays_received ON strays (received_at);

-- Bodies that could not be read or did not bear the right signature, for inspection. Nothing
-- follows from them.
CREATE TABLE unreadable (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service     text COLLATE "C" NOT NULL,
    reason      text NOT NULL,
    body        bytea NOT NULL, -- its beginning
    bytes       bigint NOT NULL, -- of the whole
    received_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX unreadable_latest ON unreadable (service, id);

-- When each service account may be called next, over all workers. Real time.
CREATE TABLE service_limits (
    service  text COLLATE "C" PRIMARY KEY,
    free_at  timestamptz NOT NULL DEFAULT '-infinity',
    failures integer NOT NULL DEFAULT 0 -- in a row
);

-- What lets us act for a store at the platform; secret. And how far its orders were read.
CREATE TABLE platform_stores (
    platform  text COLLATE "C" NOT NULL,
    store     text COLLATE "C" NOT NULL,
    token     jsonb,
    read_upto timestamptz, -- by the platform's own times of change
    saved_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (platform, store)
);

-- Orders that a platform listed as changed: each is read once for each change, and stays due
-- until it was. Those read are forgotten when the windows have gone past their change.
CREATE TABLE order_reads (
    platform   text COLLATE "C" NOT NULL,
    store      text COLLATE "C" NOT NULL,
    order_no   text COLLATE "C" NOT NULL,
    updated_at timestamptz NOT NULL,           -- the platform's time of the change
    state      text NOT NULL,                  -- what else its list shows: two changes may bear one time
    due_at     timestamptz,                    -- virtual; null: it was read
    attempts   integer NOT NULL DEFAULT 0,     -- failed ones in a row
    last_error text NOT NULL DEFAULT '',
    PRIMARY KEY (platform, store, order_no)
);
CREATE INDEX order_reads_due ON order_reads (platform, store, due_at) WHERE due_at IS NOT NULL;

-- +goose Down
DROP TABLE order_reads, platform_stores, service_limits, unreadable, strays, aliases, tracked;
ALTER TABLE traces DROP COLUMN code;
