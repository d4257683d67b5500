-- The chart: facts about patients in their newest version.
CREATE TABLE chart_entries (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL,
    patient UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('condition', 'allergy', 'medication', 'observation',
        'immunization', 'family_history', 'procedure', 'document', 'note')),
    status TEXT NOT NULL CHECK (status IN ('active', 'entered_in_error')),
    -- Confidentiality: 0 normal, 1 restricted, 2 very restricted.
    label BIGINT NOT NULL CHECK (label BETWEEN 0 AND 2),
    effective_us BIGINT NOT NULL,
    recorded_us BIGINT NOT NULL,
    author UUID NOT NULL,
    appointment UUID REFERENCES appointments (id),
    -- The code, as a blind index under the patient's key.
    code_index BYTEA,
    body_sealed BYTEA NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    CONSTRAINT chart_entries_of_tenant UNIQUE (tenant, id),
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id)
);
CREATE INDEX chart_entries_by_time ON chart_entries (patient, effective_us, id);
CREATE INDEX chart_entries_by_kind ON chart_entries (patient, kind, effective_us, id);
CREATE INDEX chart_entries_by_code ON chart_entries (patient, code_index, effective_us);

-- Every version there was, for ever.
CREATE TABLE chart_versions (
    entry UUID NOT NULL REFERENCES chart_entries (id),
    version BIGINT NOT NULL CHECK (version >= 1),
    status TEXT NOT NULL,
    label BIGINT NOT NULL,
    effective_us BIGINT NOT NULL,
    recorded_us BIGINT NOT NULL,
    author UUID NOT NULL,
    body_sealed BYTEA NOT NULL,
    PRIMARY KEY (entry, version)
);
