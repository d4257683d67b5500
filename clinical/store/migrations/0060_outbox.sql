-- Messages that leave the house. A row is written in the transaction of what it is about; the key
-- of a message makes it impossible to queue it twice.
CREATE TABLE outbox (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL REFERENCES tenants (id),
    dedup_key TEXT NOT NULL CHECK (length(dedup_key) BETWEEN 1 AND 300),
    kind TEXT NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('email', 'sms')),
    -- An account, or the record of a patient who has none.
    recipient UUID NOT NULL,
    -- What it is about: an appointment, an order, a prescription ...
    subject UUID NOT NULL,
    -- Address, language and words, under the tenant's key.
    letter_sealed BYTEA NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'delivered', 'failed', 'dead',
        'suppressed', 'unknown')),
    -- Since when it is in that state.
    state_us BIGINT NOT NULL,
    -- When to send it or to try again; until when a worker holds it while it is sending.
    due_us BIGINT NOT NULL,
    -- After this it is not sent any more.
    expires_us BIGINT,
    -- Which claim holds or held it.
    claim UUID,
    attempts BIGINT NOT NULL CHECK (attempts >= 0),
    -- Why it was suppressed.
    reason TEXT CHECK (reason IN ('opted_out', 'too_late', 'superseded')),
    -- How the provider names it, as a blind index under the installation's key.
    reference_index BYTEA,
    created_us BIGINT NOT NULL,
    CONSTRAINT outbox_dedup_key UNIQUE (dedup_key),
    CONSTRAINT outbox_claimed CHECK (state <> 'sending' OR claim IS NOT NULL),
    CONSTRAINT outbox_reason CHECK ((state = 'suppressed') = (reason IS NOT NULL))
);
CREATE INDEX outbox_due ON outbox (due_us) WHERE state IN ('queued', 'failed', 'sending');
CREATE INDEX outbox_by_subject ON outbox (subject);
CREATE INDEX outbox_by_tenant ON outbox (tenant, created_us, id);
CREATE UNIQUE INDEX outbox_reference ON outbox (reference_index) WHERE reference_index IS NOT NULL;

-- How a person wants to be told. Without a row: both channels, the tenant's language and zone.
CREATE TABLE notify_settings (
    person UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL REFERENCES tenants (id),
    language TEXT NOT NULL CHECK (language IN ('fr', 'en')),
    -- IANA zone; none for that of the facility.
    zone TEXT CHECK (length(zone) BETWEEN 1 AND 64),
    -- What may be declined is not sent on a channel that is off.
    email BOOLEAN NOT NULL,
    sms BOOLEAN NOT NULL,
    -- The person's own number, under the tenant's key; none for that of the record.
    phone_sealed BYTEA,
    version BIGINT NOT NULL CHECK (version >= 1),
    FOREIGN KEY (tenant, person) REFERENCES users (tenant, id)
);
