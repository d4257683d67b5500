-- Short messages of people, and the talks with their numbers. A message is taken once; what it says is sealed
-- with the key of the facility and deleted when it was answered.
CREATE TABLE sms_inbox (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL REFERENCES tenants (id),
    -- How the provider names it, as a blind index: a repeated one is the same message.
    reference_index BYTEA NOT NULL,
    -- Whose it is, as a blind index of the number.
    sender_index BYTEA NOT NULL,
    -- Number and words; none once it was answered.
    message_sealed BYTEA,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'done')),
    -- Until when a worker holds it.
    lease_us BIGINT NOT NULL,
    attempts BIGINT NOT NULL CHECK (attempts >= 0),
    received_us BIGINT NOT NULL,
    CONSTRAINT sms_inbox_reference UNIQUE (tenant, reference_index),
    CONSTRAINT sms_inbox_words CHECK ((state = 'waiting') = (message_sealed IS NOT NULL))
);
CREATE INDEX sms_inbox_waiting ON sms_inbox (received_us, id) WHERE state = 'waiting';
CREATE INDEX sms_inbox_by_time ON sms_inbox (received_us);

-- Where the talk with a number stands; forgotten some time after its last word.
CREATE TABLE sms_talks (
    tenant UUID NOT NULL REFERENCES tenants (id),
    sender_index BYTEA NOT NULL,
    id UUID NOT NULL,
    talk_sealed BYTEA NOT NULL,
    expires_us BIGINT NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    PRIMARY KEY (tenant, sender_index)
);
CREATE INDEX sms_talks_by_expiry ON sms_talks (expires_us);

-- What a number cost on a day (days since 1970, UTC), and how often it named a wrong birth date.
CREATE TABLE sms_counts (
    tenant UUID NOT NULL REFERENCES tenants (id),
    day BIGINT NOT NULL,
    sender_index BYTEA NOT NULL,
    answers BIGINT NOT NULL CHECK (answers >= 0),
    parts BIGINT NOT NULL CHECK (parts >= 0),
    tries BIGINT NOT NULL CHECK (tries >= 0),
    PRIMARY KEY (tenant, day, sender_index)
);

-- Numbers that wrote STOP: nothing is sent to them that may be declined.
CREATE TABLE sms_stops (
    tenant UUID NOT NULL REFERENCES tenants (id),
    sender_index BYTEA NOT NULL,
    since_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, sender_index)
);
