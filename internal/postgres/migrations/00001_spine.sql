-- +goose Up

-- Everything that ever came in, exactly as it came. Rows are never changed. An unknown type
-- has no effect on an order but is kept and counted.
CREATE TABLE inbox (
    seq             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source          text COLLATE "C" NOT NULL,
    id              text COLLATE "C" NOT NULL,
    type            text COLLATE "C" NOT NULL,
    store           text COLLATE "C" NOT NULL, -- empty: an unknown type without a usable subject
    order_no        text COLLATE "C" NOT NULL,
    tracking_number text COLLATE "C",          -- normalised
    of_parcel       boolean NOT NULL,          -- counts for every order that has the number recorded
    known           boolean NOT NULL,          -- the type is known
    event_time      timestamptz NOT NULL,
    received_at     timestamptz NOT NULL DEFAULT now(), -- real time, whatever the clock of the orders
    raw             text NOT NULL,
    UNIQUE (source, id)
);
CREATE INDEX inbox_of_parcel ON inbox (store, tracking_number) WHERE of_parcel;
CREATE INDEX inbox_unknown ON inbox (type) WHERE NOT known;

-- One row per order: the state of its routing, and what the console and the API show.
-- The row's lock guards positions: who adds a fact or reads the facts for a workflow holds it.
CREATE TABLE orders (
    order_pk            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store               text COLLATE "C" NOT NULL,
    order_no            text COLLATE "C" NOT NULL,
    latest_position     bigint NOT NULL DEFAULT 0, -- of all facts
    seen_position       bigint NOT NULL DEFAULT 0, -- the dispatcher has judged the facts up to here
    handed_position     bigint NOT NULL DEFAULT 0, -- the Order workflow knows the facts up to here
    started             boolean NOT NULL DEFAULT false, -- a workflow was ever started
    run_id              text NOT NULL DEFAULT '',  -- of the run started last
    judged_at           timestamptz,               -- virtual time at which a workflow last loaded the facts
    attempts            integer NOT NULL DEFAULT 0, -- failed ones in a row
    last_error          text NOT NULL DEFAULT '',
    next_try_at         timestamptz NOT NULL DEFAULT now(), -- real; in the future: claimed, or backing off
    recheck_at          timestamptz,               -- virtual; the assessment changes then by time alone
    policy              text NOT NULL DEFAULT '',  -- the pack to which the order is pinned
    stage               text NOT NULL DEFAULT '',  -- empty: not created yet
    next_deadline_kind  text NOT NULL DEFAULT '',
    next_deadline       timestamptz,
    expected_payout_usd numeric,
    country             text NOT NULL DEFAULT '',
    cases               integer NOT NULL DEFAULT 0,
    end_reason          text NOT NULL DEFAULT '',  -- why the story is over; empty: it is not
    updated_at          timestamptz NOT NULL DEFAULT now(),
    UNIQUE (store, order_no)
) WITH (fillfactor = 70);
CREATE INDEX orders_waiting ON orders (next_try_at) WHERE latest_position > seen_position;
CREATE INDEX orders_recheck ON orders (recheck_at) WHERE recheck_at IS NOT NULL;

-- Which inbox rows are facts of which order. A position is drawn while the order's row is
-- locked, so per order positions rise in the order of commits: who has seen position p has
-- seen every one below. Without foreign keys, here and in traces: rows come only out of joins
-- with the tables that they name, which lose no rows, and the checks were 40 % of the cost of
-- taking an event in.
CREATE SEQUENCE fact_position AS bigint;
CREATE TABLE order_facts (
    order_pk  bigint NOT NULL,
    position  bigint NOT NULL,
    inbox_seq bigint NOT NULL,
    PRIMARY KEY (order_pk, position),
    UNIQUE (order_pk, inbox_seq)
);

-- Which recording put which number on which order: one recording may name several orders,
-- one number may be recorded several times.
CREATE TABLE parcels (
    inbox_seq       bigint NOT NULL REFERENCES inbox, -- the recording
    order_pk        bigint NOT NULL REFERENCES orders,
    store           text COLLATE "C" NOT NULL,
    tracking_number text COLLATE "C" NOT NULL,
    carrier         text NOT NULL,
    service_code    text NOT NULL,
    PRIMARY KEY (inbox_seq, order_pk)
);
CREATE INDEX parcels_of_number ON parcels (store, tracking_number);

-- The rows of all traces, for people and for sweeps; judged are the facts.
CREATE TABLE traces (
    inbox_seq       bigint NOT NULL,
    place           integer NOT NULL, -- in the event
    store           text COLLATE "C" NOT NULL,
    tracking_number text COLLATE "C" NOT NULL,
    at              timestamptz NOT NULL,
    milestone       text NOT NULL,
    source          text NOT NULL,
    location        text NOT NULL,
    description     text NOT NULL,
    signed_by       text NOT NULL,
    authorised      boolean NOT NULL,
    PRIMARY KEY (inbox_seq, place)
);
CREATE INDEX traces_of_number ON traces (store, tracking_number, at);

-- The cases of the latest assessment of each order.
CREATE TABLE cases (
    order_pk            bigint NOT NULL REFERENCES orders,
    tracking_number     text COLLATE "C" NOT NULL,
    kind                text COLLATE "C" NOT NULL,
    opened_at           timestamptz NOT NULL, -- whole seconds
    last_movement_at    timestamptz NOT NULL,
    alert_by            timestamptz NOT NULL,
    confirm_by          timestamptz NOT NULL,
    file_by             timestamptz NOT NULL,
    customs_document_by timestamptz,
    status              text NOT NULL,
    superseded          boolean NOT NULL,
    next_deadline_kind  text NOT NULL,
    next_deadline       timestamptz,
    claim_id            text NOT NULL,
    expected_payout_usd numeric,
    updated_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_pk, tracking_number, kind, opened_at)
);

-- Money, append-only; a key is booked once.
CREATE TABLE ledger (
    key       text COLLATE "C" PRIMARY KEY,
    store     text COLLATE "C" NOT NULL,
    order_no  text COLLATE "C" NOT NULL,
    claim_id  text NOT NULL,
    kind      text NOT NULL,
    amount    numeric NOT NULL,
    currency  text NOT NULL,
    at        timestamptz NOT NULL, -- virtual
    booked_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ledger_of_order ON ledger (store, order_no, at);

-- What evidence there is; its content lies elsewhere, under its hash.
CREATE TABLE evidence (
    store           text COLLATE "C" NOT NULL,
    order_no        text COLLATE "C" NOT NULL,
    tracking_number text COLLATE "C" NOT NULL,
    kind            text COLLATE "C" NOT NULL,
    sha256          text COLLATE "C" NOT NULL,
    name            text NOT NULL,
    kept_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (store, order_no, tracking_number, kind, sha256)
);

-- What people were told, so that each thing is told once.
CREATE TABLE notices (
    key         text COLLATE "C" PRIMARY KEY,
    store       text COLLATE "C" NOT NULL,
    order_no    text COLLATE "C" NOT NULL,
    workflow_id text NOT NULL,
    kind        text NOT NULL,
    manager     boolean NOT NULL,
    due         timestamptz,
    zh          text NOT NULL,
    en          text NOT NULL,
    told_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX notices_of_order ON notices (store, order_no, told_at);

-- Who did what, append-only.
CREATE TABLE audit_log (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT now(),
    actor    text NOT NULL,
    action   text NOT NULL,
    store    text COLLATE "C" NOT NULL,
    order_no text COLLATE "C" NOT NULL,
    detail   jsonb NOT NULL
);
CREATE INDEX audit_log_of_order ON audit_log (store, order_no, id);

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only: add a row that corrects instead', TG_TABLE_NAME;
END $$;
-- +goose StatementEnd
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON inbox FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE audit_log, notices, evidence, ledger, cases, traces, parcels, order_facts, orders, inbox;
DROP FUNCTION refuse_change;
DROP SEQUENCE fact_position;
