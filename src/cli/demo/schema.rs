//! The demo's tables, as an ERP on SQLite would have them.

/// Tables without indexes, which are made once the rows are in. WAL, so that readers and writers do not wait.
pub(super) const TABLES: &str = "
PRAGMA journal_mode = WAL;

CREATE TABLE currency (
    code TEXT NOT NULL PRIMARY KEY CHECK (length(code) = 3),
    name TEXT NOT NULL,
    symbol TEXT NOT NULL,
    decimals INTEGER NOT NULL,
    rate_to_euro TEXT,
    modify_time DATETIME NOT NULL
) WITHOUT ROWID;

CREATE TABLE terms_of_payment (
    record_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    net_days INTEGER NOT NULL,
    discount_percent TEXT,
    discount_days INTEGER,
    modify_time DATETIME NOT NULL
);

CREATE TABLE company (
    record_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    street TEXT NOT NULL,
    postal_code TEXT NOT NULL,
    city TEXT NOT NULL,
    country CHAR(2) NOT NULL,
    vat_number TEXT,
    email TEXT,
    phone TEXT,
    currency_code TEXT NOT NULL REFERENCES currency (code),
    terms_id INTEGER REFERENCES terms_of_payment (record_id),
    credit_limit TEXT,
    is_active BOOLEAN NOT NULL,
    profile JSON,
    modify_time DATETIME NOT NULL
);

CREATE TABLE product (
    record_id INTEGER PRIMARY KEY,
    type TEXT NOT NULL CHECK (type IN ('work', 'material', 'service')),
    number TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT,
    unit TEXT NOT NULL,
    unit_price TEXT NOT NULL,
    cost_price TEXT,
    currency_code TEXT NOT NULL REFERENCES currency (code),
    weight_kg REAL,
    attributes JSON,
    thumbnail BLOB,
    is_discontinued BOOLEAN NOT NULL,
    modify_time DATETIME NOT NULL
);

CREATE TABLE orders (
    record_id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    company_id INTEGER NOT NULL REFERENCES company (record_id),
    currency_code TEXT NOT NULL REFERENCES currency (code),
    terms_id INTEGER REFERENCES terms_of_payment (record_id),
    ordered_at DATETIME NOT NULL,
    delivery_date DATE,
    status TEXT NOT NULL,
    reference TEXT,
    note TEXT,
    total TEXT NOT NULL,
    extra JSON,
    modify_time DATETIME NOT NULL
);

CREATE TABLE order_row (
    order_id INTEGER NOT NULL REFERENCES orders (record_id),
    row_number INTEGER NOT NULL,
    product_id INTEGER NOT NULL REFERENCES product (record_id),
    description TEXT NOT NULL,
    quantity TEXT NOT NULL,
    unit_price TEXT NOT NULL,
    discount_percent REAL,
    row_total TEXT NOT NULL,
    modify_time DATETIME NOT NULL,
    PRIMARY KEY (order_id, row_number)
) WITHOUT ROWID;

CREATE TABLE invoices (
    record_id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    order_id INTEGER REFERENCES orders (record_id),
    company_id INTEGER NOT NULL REFERENCES company (record_id),
    currency_code TEXT NOT NULL REFERENCES currency (code),
    issued_on DATE NOT NULL,
    due_on DATE NOT NULL,
    paid_at DATETIME,
    total TEXT NOT NULL,
    vat_amount TEXT NOT NULL,
    bank_reference TEXT NOT NULL,
    document_hash BLOB NOT NULL,
    modify_time DATETIME NOT NULL
);

CREATE TABLE invoice_row (
    record_id INTEGER PRIMARY KEY,
    invoice_id INTEGER NOT NULL REFERENCES invoices (record_id),
    row_number INTEGER NOT NULL,
    product_id INTEGER REFERENCES product (record_id),
    description TEXT NOT NULL,
    quantity TEXT NOT NULL,
    unit_price TEXT NOT NULL,
    vat_percent REAL NOT NULL,
    row_total TEXT NOT NULL,
    modify_time TEXT NOT NULL
) STRICT;
";

/// Indexes on modify times, record types and foreign keys, and the statistics that planners like.
pub(super) const INDEXES: &str = "
CREATE INDEX currency_modify_time ON currency (modify_time);
CREATE INDEX terms_of_payment_modify_time ON terms_of_payment (modify_time);
CREATE INDEX company_modify_time ON company (modify_time);
CREATE INDEX company_currency ON company (currency_code);
CREATE INDEX company_terms ON company (terms_id);
CREATE INDEX product_modify_time ON product (modify_time);
CREATE INDEX product_type ON product (type);
CREATE INDEX product_currency ON product (currency_code);
CREATE INDEX orders_modify_time ON orders (modify_time);
CREATE INDEX orders_company ON orders (company_id);
CREATE INDEX orders_currency ON orders (currency_code);
CREATE INDEX orders_terms ON orders (terms_id);
CREATE INDEX order_row_modify_time ON order_row (modify_time);
CREATE INDEX order_row_product ON order_row (product_id);
CREATE INDEX invoices_modify_time ON invoices (modify_time);
CREATE INDEX invoices_order ON invoices (order_id);
CREATE INDEX invoices_company ON invoices (company_id);
CREATE INDEX invoices_currency ON invoices (currency_code);
CREATE INDEX invoice_row_modify_time ON invoice_row (modify_time);
CREATE INDEX invoice_row_invoice ON invoice_row (invoice_id);
CREATE INDEX invoice_row_product ON invoice_row (product_id);
ANALYZE;
";
