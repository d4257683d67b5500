-- Recordings of visits. Sound and picture lie in files; what opens them is here, sealed with the
-- patient's key.
CREATE TABLE recordings (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL,
    patient UUID NOT NULL,
    appointment UUID NOT NULL REFERENCES appointments (id),
    state TEXT NOT NULL CHECK (state IN ('running', 'preparing', 'ready', 'failed', 'deleted')),
    started_us BIGINT NOT NULL,
    ended_us BIGINT,
    duration_ms BIGINT CHECK (duration_ms >= 0),
    bytes BIGINT CHECK (bytes >= 0),
    -- When it is deleted by itself, unless it is held.
    keep_until_us BIGINT NOT NULL,
    held BOOLEAN NOT NULL,
    -- Why it is held or was deleted; sealed with the key of the facility, so that it outlives it.
    reason_sealed BYTEA,
    -- Who deletes a recording destroys its key.
    key_sealed BYTEA,
    version BIGINT NOT NULL CHECK (version >= 1),
    CONSTRAINT recordings_key CHECK ((state = 'deleted') = (key_sealed IS NULL)),
    CONSTRAINT recordings_made CHECK ((duration_ms IS NULL) = (bytes IS NULL)),
    CONSTRAINT recordings_held CHECK (NOT held OR state <> 'deleted'),
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id)
);
CREATE INDEX recordings_by_tenant ON recordings (tenant, started_us, id);
CREATE INDEX recordings_by_patient ON recordings (patient, started_us, id);
CREATE INDEX recordings_by_appointment ON recordings (appointment);
CREATE INDEX recordings_unfinished ON recordings (state) WHERE state IN ('running', 'preparing');
CREATE INDEX recordings_by_end ON recordings (keep_until_us)
    WHERE state IN ('ready', 'failed') AND NOT held;

-- What people answered when they were asked. Answers are added and never changed.
CREATE TABLE recording_consents (
    appointment UUID NOT NULL REFERENCES appointments (id),
    participant UUID NOT NULL,
    at_us BIGINT NOT NULL,
    agreed BOOLEAN NOT NULL,
    -- Version of the words that they agreed to.
    wording BIGINT CHECK (wording >= 0),
    PRIMARY KEY (appointment, participant, at_us),
    CONSTRAINT recording_consents_wording CHECK (NOT agreed OR wording IS NOT NULL)
);
