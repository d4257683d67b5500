-- The bytes of documents, under the patient's key.
CREATE TABLE chart_files (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL,
    patient UUID NOT NULL,
    bytes_sealed BYTEA NOT NULL,
    created_us BIGINT NOT NULL,
    created_by UUID NOT NULL,
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id)
);
CREATE INDEX chart_files_by_patient ON chart_files (patient);

-- Words to filter entries by, under the patient's key.
CREATE TABLE chart_tags (
    entry UUID NOT NULL REFERENCES chart_entries (id),
    tag_index BYTEA NOT NULL,
    tag_sealed BYTEA NOT NULL,
    -- A tag can tell what an entry hides, so it has a label of its own.
    label BIGINT NOT NULL CHECK (label BETWEEN 0 AND 2),
    created_us BIGINT NOT NULL,
    created_by UUID NOT NULL,
    PRIMARY KEY (entry, tag_index)
);

-- What somebody has begun to write and not yet put into a chart. It survives signing out.
CREATE TABLE chart_drafts (
    author UUID NOT NULL REFERENCES users (id),
    patient UUID NOT NULL REFERENCES patients (id),
    -- The appointment it belongs to; the nil id for none.
    scope UUID NOT NULL,
    tenant UUID NOT NULL,
    body_sealed BYTEA NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    saved_us BIGINT NOT NULL,
    PRIMARY KEY (author, patient, scope)
);

-- Two records that are one person. Facts stay where they were written, under their own key; each record
-- gets copies of the other's rights, and both are read as one. Undoing takes back the copies.
CREATE TABLE patient_merges (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL,
    loser UUID NOT NULL,
    winner UUID NOT NULL,
    merged_us BIGINT NOT NULL,
    merged_by UUID NOT NULL,
    undone_us BIGINT,
    undone_by UUID,
    CONSTRAINT patient_merges_differ CHECK (loser <> winner),
    CONSTRAINT patient_merges_undone CHECK ((undone_us IS NULL) = (undone_by IS NULL)),
    FOREIGN KEY (tenant, loser) REFERENCES patients (tenant, id),
    FOREIGN KEY (tenant, winner) REFERENCES patients (tenant, id)
);
CREATE UNIQUE INDEX patient_merges_open ON patient_merges (loser) WHERE undone_us IS NULL;
CREATE INDEX patient_merges_by_winner ON patient_merges (winner) WHERE undone_us IS NULL;

-- The rights that a merge copied, so that exactly these go again.
CREATE TABLE patient_merge_copies (
    merge UUID NOT NULL REFERENCES patient_merges (id),
    kind TEXT NOT NULL CHECK (kind IN ('care_relation', 'proxy', 'consent')),
    row_id UUID NOT NULL,
    PRIMARY KEY (merge, kind, row_id)
);
