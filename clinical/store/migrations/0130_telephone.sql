-- Calls that the clinic places, and what they cost. What is set aside for a call that stands counts as
-- used, so that caps hold across a restart and for calls at once. No number is here.
CREATE TABLE phone_charges (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL REFERENCES tenants (id),
    -- Its name in the configuration.
    trunk TEXT NOT NULL,
    -- Days since 1970 and year and month (such as 202611), both in UTC.
    day BIGINT NOT NULL,
    month BIGINT NOT NULL,
    begun_us BIGINT NOT NULL,
    -- None while it stands.
    ended_us BIGINT,
    -- As they are billed; until it has ended, what is set aside.
    seconds BIGINT NOT NULL CHECK (seconds >= 0),
    minute_micros BIGINT NOT NULL CHECK (minute_micros >= 0),
    cost_micros BIGINT NOT NULL CHECK (cost_micros >= 0)
);
CREATE INDEX phone_charges_by_day ON phone_charges (trunk, day);
CREATE INDEX phone_charges_by_month ON phone_charges (tenant, month);
CREATE INDEX phone_charges_standing ON phone_charges (id) WHERE ended_us IS NULL;

-- Whom doctors of a facility call into visits again and again, such as interpreters. Sealed with the
-- facility's key.
CREATE TABLE phone_contacts (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL REFERENCES tenants (id),
    name_sealed BYTEA NOT NULL,
    number_sealed BYTEA NOT NULL,
    created_us BIGINT NOT NULL
);
CREATE INDEX phone_contacts_by_tenant ON phone_contacts (tenant, created_us);
