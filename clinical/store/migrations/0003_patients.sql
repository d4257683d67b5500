-- Patients. Names, birth dates, telephones are in demographics_sealed, sealed with the patient's key.
CREATE TABLE patients (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL REFERENCES tenants (id),
    state TEXT NOT NULL CHECK (state IN ('active', 'merged', 'erased')),
    merged_into UUID REFERENCES patients (id),
    demographics_sealed BYTEA,
    version BIGINT NOT NULL CHECK (version >= 1),
    -- Counts the changes of facts that a prescription is judged by.
    chart_version BIGINT NOT NULL CHECK (chart_version >= 0),
    -- The number of the last change in the tenant: who keeps an index in memory reads on from there.
    change_seq BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    CONSTRAINT patients_of_tenant UNIQUE (tenant, id),
    CONSTRAINT patients_merged CHECK ((state = 'merged') = (merged_into IS NOT NULL)),
    CONSTRAINT patients_erased CHECK (state = 'erased' OR demographics_sealed IS NOT NULL)
);
CREATE INDEX patients_by_change ON patients (tenant, change_seq);

-- Numbers of changes, without gaps and in the order of commits.
CREATE TABLE patient_changes (
    tenant UUID NOT NULL PRIMARY KEY REFERENCES tenants (id),
    seq BIGINT NOT NULL
);

-- The key of each patient, sealed with the tenant's. Destroying it erases what it sealed.
CREATE TABLE patient_keys (
    patient UUID NOT NULL PRIMARY KEY REFERENCES patients (id),
    tenant UUID NOT NULL,
    wrapped BYTEA,
    destroyed_us BIGINT,
    CONSTRAINT patient_keys_destroyed CHECK ((wrapped IS NULL) = (destroyed_us IS NOT NULL)),
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id)
);

-- What a patient can be found by exactly, as blind indexes under the tenant's key.
CREATE TABLE patient_lookup (
    tenant UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('phone', 'email', 'identifier')),
    value_index BYTEA NOT NULL,
    patient UUID NOT NULL,
    PRIMARY KEY (tenant, kind, value_index, patient),
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id)
);
CREATE INDEX patient_lookup_by_patient ON patient_lookup (patient);
