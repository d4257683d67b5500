-- What was said in visits with captions, for the note alone. Each line is sealed with the patient's key and
-- deleted when the note is signed, when somebody takes their agreement back, or at expires_us.
CREATE TABLE said_lines (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL,
    patient UUID NOT NULL,
    appointment UUID NOT NULL REFERENCES appointments (id),
    at_us BIGINT NOT NULL,
    speaker TEXT NOT NULL CHECK (speaker IN ('clinician', 'patient', 'guest')),
    name_sealed BYTEA NOT NULL,
    text_sealed BYTEA NOT NULL,
    expires_us BIGINT NOT NULL,
    CONSTRAINT said_lines_end CHECK (expires_us > at_us),
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id)
);
CREATE INDEX said_lines_by_appointment ON said_lines (appointment, at_us, id);
CREATE INDEX said_lines_by_expiry ON said_lines (expires_us);

-- What people answered when they were asked for captions. Answers are added and never changed.
CREATE TABLE caption_consents (
    appointment UUID NOT NULL REFERENCES appointments (id),
    participant UUID NOT NULL,
    at_us BIGINT NOT NULL,
    agreed BOOLEAN NOT NULL,
    -- Version of the words that they agreed to.
    wording BIGINT CHECK (wording >= 0),
    PRIMARY KEY (appointment, participant, at_us),
    CONSTRAINT caption_consents_wording CHECK (NOT agreed OR wording IS NOT NULL)
);
