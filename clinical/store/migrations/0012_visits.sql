-- Third people of one visit. A guest who was taken back stays, for the record.
CREATE TABLE guests (
    id UUID NOT NULL PRIMARY KEY,
    appointment UUID NOT NULL REFERENCES appointments (id),
    participant UUID NOT NULL UNIQUE,
    name_sealed BYTEA NOT NULL,
    relation_sealed BYTEA NOT NULL,
    created_us BIGINT NOT NULL,
    removed_us BIGINT
);
CREATE INDEX guests_by_appointment ON guests (appointment);

-- Ways into a visit without an account. The secret is not here: only its SHA-256, in base64url.
CREATE TABLE join_links (
    -- Names the link in the audit trail; it opens nothing.
    id UUID NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 43),
    appointment UUID NOT NULL REFERENCES appointments (id),
    kind TEXT NOT NULL CHECK (kind IN ('patient', 'guest')),
    guest UUID REFERENCES guests (id),
    expires_us BIGINT NOT NULL,
    revoked_us BIGINT,
    created_us BIGINT NOT NULL,
    CONSTRAINT join_links_guest CHECK ((kind = 'guest') = (guest IS NOT NULL))
);
CREATE INDEX join_links_by_appointment ON join_links (appointment);
-- One working link per person and visit.
CREATE UNIQUE INDEX join_links_one_patient ON join_links (appointment)
    WHERE kind = 'patient' AND revoked_us IS NULL;
CREATE UNIQUE INDEX join_links_one_guest ON join_links (guest)
    WHERE kind = 'guest' AND revoked_us IS NULL;

-- Whom the doctor let into a room, and whom she took out again.
CREATE TABLE encounter_participants (
    room UUID NOT NULL REFERENCES appointments (room),
    participant UUID NOT NULL,
    admitted_us BIGINT NOT NULL,
    removed_us BIGINT,
    PRIMARY KEY (room, participant)
);

-- The chat of a room. Numbers are without gaps: whoever writes takes the next one from chat_rooms
-- in the same transaction.
CREATE TABLE chat_rooms (
    room UUID NOT NULL PRIMARY KEY REFERENCES appointments (room),
    last_seq BIGINT NOT NULL CHECK (last_seq >= 0)
);

CREATE TABLE chat_messages (
    room UUID NOT NULL REFERENCES chat_rooms (room),
    seq BIGINT NOT NULL CHECK (seq >= 1),
    id UUID NOT NULL,
    participant UUID NOT NULL,
    from_name_sealed BYTEA NOT NULL,
    at_us BIGINT NOT NULL,
    body_sealed BYTEA NOT NULL,
    PRIMARY KEY (room, seq),
    CONSTRAINT chat_messages_id UNIQUE (room, id)
);

CREATE TABLE chat_read (
    room UUID NOT NULL REFERENCES appointments (room),
    participant UUID NOT NULL,
    seq BIGINT NOT NULL CHECK (seq >= 0),
    PRIMARY KEY (room, participant)
);
