-- Rights to a patient's record. A right counts from from_us until until_us, unless it was ended.

-- Who belongs to a patient's care team.
CREATE TABLE care_relations (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL,
    patient UUID NOT NULL,
    clinician UUID NOT NULL,
    from_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    ended_us BIGINT,
    created_by UUID NOT NULL,
    CONSTRAINT care_relations_order CHECK (from_us < until_us),
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id),
    FOREIGN KEY (tenant, clinician) REFERENCES users (tenant, id)
);
CREATE INDEX care_relations_by_patient ON care_relations (patient, clinician);
CREATE INDEX care_relations_by_clinician ON care_relations (clinician);

-- Shifts: who is on duty in the whole facility.
CREATE TABLE duty_shifts (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL,
    person UUID NOT NULL,
    from_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    created_by UUID NOT NULL,
    CONSTRAINT duty_shifts_order CHECK (from_us < until_us),
    FOREIGN KEY (tenant, person) REFERENCES users (tenant, id)
);
CREATE INDEX duty_shifts_by_person ON duty_shifts (person, until_us);

-- Parents and carers, who act for a patient.
CREATE TABLE proxy_grants (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL,
    patient UUID NOT NULL,
    holder UUID NOT NULL,
    relation TEXT NOT NULL CHECK (relation IN ('parent', 'guardian', 'spouse', 'child', 'carer', 'other')),
    -- What they may do: look, or also act (book, write, ask for a renewal).
    scope TEXT NOT NULL CHECK (scope IN ('view', 'act')),
    from_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    ended_us BIGINT,
    created_by UUID NOT NULL,
    CONSTRAINT proxy_grants_order CHECK (from_us < until_us),
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id),
    FOREIGN KEY (tenant, holder) REFERENCES users (tenant, id)
);
CREATE INDEX proxy_grants_by_holder ON proxy_grants (holder, patient);

-- What a patient allowed, per purpose. `grantee` is a clinician for care sharing, otherwise nobody.
CREATE TABLE consents (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL,
    patient UUID NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('care_sharing', 'research', 'teaching', 'recording', 'messages')),
    grantee UUID,
    -- The version of the words that were agreed to.
    wording TEXT NOT NULL,
    given_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    withdrawn_us BIGINT,
    given_by UUID NOT NULL,
    CONSTRAINT consents_order CHECK (given_us < until_us),
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id),
    FOREIGN KEY (tenant, grantee) REFERENCES users (tenant, id)
);
CREATE INDEX consents_by_patient ON consents (patient, purpose);
CREATE INDEX consents_by_grantee ON consents (grantee);

-- Emergencies: a right that somebody took, for one patient and an hour, and its review.
CREATE TABLE break_glass (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL,
    patient UUID NOT NULL,
    person UUID NOT NULL,
    reason_code TEXT NOT NULL,
    reason_sealed BYTEA NOT NULL,
    from_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    ended_us BIGINT,
    reviewed_us BIGINT,
    reviewed_by UUID,
    review TEXT CHECK (review IN ('justified', 'not_justified')),
    CONSTRAINT break_glass_hour CHECK (until_us > from_us AND until_us - from_us <= 3600000000),
    CONSTRAINT break_glass_review
        CHECK ((reviewed_us IS NULL) = (reviewed_by IS NULL) AND (reviewed_us IS NULL) = (review IS NULL)),
    CONSTRAINT break_glass_reviewer CHECK (reviewed_by IS NULL OR reviewed_by <> person),
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id),
    FOREIGN KEY (tenant, person) REFERENCES users (tenant, id)
);
CREATE INDEX break_glass_by_person ON break_glass (person, patient, until_us);
CREATE INDEX break_glass_open ON break_glass (tenant, from_us) WHERE reviewed_us IS NULL;
