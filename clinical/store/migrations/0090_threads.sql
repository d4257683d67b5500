-- Secure messages. What they are about and what they say is sealed with the patient's key.
CREATE TABLE threads (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL,
    patient UUID NOT NULL,
    subject_sealed BYTEA NOT NULL,
    -- The refused prescription that pharmacist and prescriber talk about.
    prescription UUID REFERENCES prescriptions (id),
    created_us BIGINT NOT NULL,
    created_by UUID NOT NULL,
    -- The number of the newest message, and when it was written. Numbers are without gaps: whoever
    -- writes takes the next one here in the same transaction.
    last_seq BIGINT NOT NULL CHECK (last_seq >= 0),
    last_us BIGINT NOT NULL,
    -- A closed thread takes no message.
    closed_us BIGINT,
    closed_by UUID,
    CONSTRAINT threads_of_tenant UNIQUE (tenant, id),
    CONSTRAINT threads_closed CHECK ((closed_us IS NULL) = (closed_by IS NULL)),
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id),
    FOREIGN KEY (tenant, created_by) REFERENCES users (tenant, id),
    FOREIGN KEY (tenant, closed_by) REFERENCES users (tenant, id)
);
CREATE UNIQUE INDEX threads_one_per_prescription ON threads (prescription)
    WHERE prescription IS NOT NULL;
CREATE INDEX threads_by_patient ON threads (patient, last_us, id);

-- Who reads and writes in a thread. Nobody else does, whatever right they have to the patient.
CREATE TABLE thread_members (
    tenant UUID NOT NULL,
    thread UUID NOT NULL,
    person UUID NOT NULL,
    -- The patient and the first doctor stay as long as the thread does.
    stays BOOLEAN NOT NULL,
    joined_us BIGINT NOT NULL,
    left_us BIGINT,
    -- The number of the newest message that they have read.
    read_seq BIGINT NOT NULL CHECK (read_seq >= 0),
    PRIMARY KEY (thread, person),
    CONSTRAINT thread_members_stay CHECK (NOT stays OR left_us IS NULL),
    FOREIGN KEY (tenant, thread) REFERENCES threads (tenant, id),
    FOREIGN KEY (tenant, person) REFERENCES users (tenant, id)
);
CREATE INDEX thread_members_by_person ON thread_members (person, thread) WHERE left_us IS NULL;

CREATE TABLE thread_messages (
    thread UUID NOT NULL REFERENCES threads (id),
    seq BIGINT NOT NULL CHECK (seq >= 1),
    author UUID NOT NULL,
    at_us BIGINT NOT NULL,
    body_sealed BYTEA NOT NULL,
    PRIMARY KEY (thread, seq),
    FOREIGN KEY (thread, author) REFERENCES thread_members (thread, person)
);
