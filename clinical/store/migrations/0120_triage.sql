-- Interviews of triage. What was told and where it leads is sealed with the patient's key; a visitor's
-- with the key of the facility, until somebody claims it or it is deleted.
CREATE TABLE interviews (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL REFERENCES tenants (id),
    patient UUID,
    -- Hash of the secret of a visitor.
    token_hash TEXT,
    expires_us BIGINT,
    story_sealed BYTEA NOT NULL,
    appointment UUID REFERENCES appointments (id),
    noted BOOLEAN NOT NULL,
    started_us BIGINT NOT NULL,
    started_by UUID,
    -- When its result was given.
    finished_us BIGINT,
    version BIGINT NOT NULL CHECK (version >= 1),
    CONSTRAINT interviews_whose CHECK
        ((patient IS NULL) = (token_hash IS NOT NULL) AND (patient IS NULL) = (expires_us IS NOT NULL)),
    CONSTRAINT interviews_carried CHECK (appointment IS NULL OR patient IS NOT NULL),
    CONSTRAINT interviews_of_tenant UNIQUE (tenant, id),
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id),
    FOREIGN KEY (tenant, started_by) REFERENCES users (tenant, id)
);
CREATE INDEX interviews_by_patient ON interviews (patient, started_us, id);
CREATE INDEX interviews_by_appointment ON interviews (appointment) WHERE appointment IS NOT NULL;
CREATE INDEX interviews_by_end ON interviews (tenant, finished_us) WHERE finished_us IS NOT NULL;
CREATE UNIQUE INDEX interviews_by_token ON interviews (token_hash) WHERE token_hash IS NOT NULL;
CREATE INDEX interviews_by_expiry ON interviews (expires_us) WHERE expires_us IS NOT NULL;

-- What clinicians said of results. It is added and never changed.
CREATE TABLE interview_feedback (
    tenant UUID NOT NULL,
    interview UUID NOT NULL,
    seq BIGINT NOT NULL CHECK (seq >= 1),
    body_sealed BYTEA NOT NULL,
    PRIMARY KEY (interview, seq),
    FOREIGN KEY (tenant, interview) REFERENCES interviews (tenant, id)
);

-- What a facility decided; none means that patients see no hypotheses.
CREATE TABLE triage_settings (
    tenant UUID NOT NULL PRIMARY KEY REFERENCES tenants (id),
    show_hypotheses BOOLEAN NOT NULL,
    service UUID REFERENCES services (id),
    version BIGINT NOT NULL CHECK (version >= 1)
);
