-- +goose Up

-- When the order was created, in the words of its order.created; null: not judged yet.
ALTER TABLE orders ADD COLUMN created_at timestamptz;
-- Postgres refuses escapes that events may hold. What it cannot read stays null: such an order is
-- looked at wherever it may count.
-- +goose StatementBegin
CREATE FUNCTION pg_temp.created_of(raw text) RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
    RETURN (replace(raw, '\u0000', '\u0020')::json #>> '{data,created_at}')::timestamptz;
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $$;
-- +goose StatementEnd
UPDATE orders o SET created_at = e.at FROM (
    SELECT DISTINCT ON (f.order_pk) f.order_pk, pg_temp.created_of(i.raw) AS at
    FROM order_facts f JOIN inbox i ON i.seq = f.inbox_seq
    WHERE i.type = 'order.created' ORDER BY f.order_pk, i.event_time, i.source, i.id) e
WHERE e.order_pk = o.order_pk;

-- A store's health asks how many orders and disputes there were in a span, not in all its years.
CREATE INDEX orders_of_span ON orders (store, created_at);
CREATE INDEX inbox_opened ON inbox (store, event_time) WHERE type IN ('complaint.opened', 'dispute.opened');

-- What each monthly statement said when it was made; a later one that says something else is
-- a row of its own. Append-only.
CREATE TABLE statements (
    store   text COLLATE "C" NOT NULL,
    month   text COLLATE "C" NOT NULL, -- such as 2026-03
    serial  integer NOT NULL,          -- from 1
    sha256  text NOT NULL,             -- of all that it says, as JSON
    totals  jsonb NOT NULL,            -- rules.StatementTotals
    files   jsonb NOT NULL,            -- SHA-256 of each of its files, by format
    as_of   timestamptz NOT NULL,      -- virtual
    kept_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (store, month, serial)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON statements FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The files themselves, in parts, so that nobody need hold a whole one. Append-only.
CREATE TABLE statement_parts (
    store   text COLLATE "C" NOT NULL,
    month   text COLLATE "C" NOT NULL,
    serial  integer NOT NULL,
    format  text COLLATE "C" NOT NULL, -- xlsx or csv
    part    integer NOT NULL,          -- from 1
    content bytea NOT NULL,
    PRIMARY KEY (store, month, serial, format, part),
    FOREIGN KEY (store, month, serial) REFERENCES statements
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON statement_parts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Lines of carriers' bills, as imported, each with what became of it at the latest import of its file.
CREATE TABLE bill_lines (
    store           text COLLATE "C" NOT NULL,
    file            text COLLATE "C" NOT NULL, -- SHA-256 of the file
    line            integer NOT NULL,
    name            text NOT NULL,             -- of the file
    tracking_number text COLLATE "C" NOT NULL, -- normalised
    order_no        text NOT NULL,             -- as billed; often empty
    billed_on       date NOT NULL,
    weight          numeric,
    fee             text NOT NULL,
    amount          numeric NOT NULL,
    currency        text NOT NULL,
    parcel          text NOT NULL,             -- rules.BillMatch from here on
    of_order        text NOT NULL,
    reason          text NOT NULL,             -- empty: matched
    expected        numeric,
    expected_currency text NOT NULL,
    imported_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (store, file, line)
);
CREATE INDEX bill_lines_same ON bill_lines (store, tracking_number);
CREATE INDEX bill_lines_of_month ON bill_lines (store, billed_on);

-- What people read off the seller centre, by week; append-only, the latest counts.
CREATE TABLE store_scores (
    id                    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store                 text COLLATE "C" NOT NULL,
    week                  text COLLATE "C" NOT NULL, -- such as 2026-W10
    service_score         numeric,
    positive_rate_percent numeric,
    programmes            text[],                    -- null: not entered
    by                    text NOT NULL,
    at                    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX store_scores_of_week ON store_scores (store, week, id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON store_scores FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE store_scores, bill_lines, statement_parts, statements;
DROP INDEX inbox_opened, orders_of_span;
ALTER TABLE orders DROP COLUMN created_at;
