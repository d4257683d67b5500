-- Prescriptions. What is prescribed, found and said is sealed with the patient's key.
CREATE TABLE prescriptions (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL,
    patient UUID NOT NULL,
    prescriber UUID NOT NULL REFERENCES users (id),
    stage TEXT NOT NULL CHECK (stage IN ('draft', 'signed', 'transmitted', 'dispensed_part',
        'completed', 'refused', 'replaced', 'cancelled')),
    -- Confidentiality: 0 normal, 1 restricted.
    label BIGINT NOT NULL CHECK (label BETWEEN 0 AND 1),
    -- The refused prescription that this one replaces.
    prior UUID REFERENCES prescriptions (id),
    -- The code on the paper, as a blind index under the installation's key.
    code_index BYTEA UNIQUE,
    created_us BIGINT NOT NULL,
    signed_us BIGINT,
    expires_us BIGINT,
    refused_us BIGINT,
    seen_us BIGINT,
    replaced_us BIGINT,
    -- The chart and the data set for which it was cleared.
    cleared_chart BIGINT,
    body_sealed BYTEA NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id),
    -- Nothing is past the draft without a clearance, a code and an end.
    CHECK (stage IN ('draft', 'cancelled') OR (signed_us IS NOT NULL AND expires_us IS NOT NULL
        AND code_index IS NOT NULL AND cleared_chart IS NOT NULL)),
    CHECK (stage <> 'refused' OR refused_us IS NOT NULL)
);
CREATE INDEX prescriptions_by_patient ON prescriptions (patient, created_us, id);
CREATE INDEX prescriptions_by_stage ON prescriptions (tenant, stage, created_us, id);

-- How much of each line may be dispensed and was.
CREATE TABLE prescription_lines (
    prescription UUID NOT NULL REFERENCES prescriptions (id),
    line BIGINT NOT NULL CHECK (line BETWEEN 0 AND 49),
    prescribed BIGINT NOT NULL CHECK (prescribed > 0),
    dispensed BIGINT NOT NULL CHECK (dispensed >= 0),
    PRIMARY KEY (prescription, line),
    CHECK (dispensed <= prescribed)
);

CREATE TABLE dispenses (
    id UUID NOT NULL,
    prescription UUID NOT NULL,
    line BIGINT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    pharmacist UUID NOT NULL REFERENCES users (id),
    at_us BIGINT NOT NULL,
    PRIMARY KEY (id, line),
    FOREIGN KEY (prescription, line) REFERENCES prescription_lines (prescription, line)
);
CREATE INDEX dispenses_by_prescription ON dispenses (prescription, at_us);

-- Who overrode which refusal. A doctor counts once for each.
CREATE TABLE prescription_overrides (
    prescription UUID NOT NULL REFERENCES prescriptions (id),
    refused_us BIGINT NOT NULL,
    doctor UUID NOT NULL REFERENCES users (id),
    at_us BIGINT NOT NULL,
    PRIMARY KEY (prescription, refused_us, doctor)
);
