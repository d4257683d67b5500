-- Orders to laboratory, radiology and pathology. Which tests, why, and what came out is sealed with
-- the patient's key.
CREATE TABLE orders (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL,
    patient UUID NOT NULL,
    ordered_by UUID NOT NULL REFERENCES users (id),
    department TEXT NOT NULL CHECK (department IN ('laboratory', 'imaging', 'pathology')),
    -- 0 now, 1 today, 2 in its turn.
    priority BIGINT NOT NULL CHECK (priority BETWEEN 0 AND 2),
    stage TEXT NOT NULL CHECK (stage IN ('draft', 'active', 'collected', 'preliminary', 'final',
        'amended', 'cancelled')),
    -- Confidentiality: 0 normal, 1 restricted.
    label BIGINT NOT NULL CHECK (label BETWEEN 0 AND 1),
    -- When the patient may read the result.
    release_rule TEXT NOT NULL CHECK (release_rule IN ('immediate', 'after_review', 'after_hours')),
    release_hours BIGINT NOT NULL CHECK (release_hours BETWEEN 0 AND 2000),
    ordered_us BIGINT NOT NULL,
    collected_us BIGINT,
    reported_us BIGINT,
    verified_us BIGINT,
    seen_us BIGINT,
    seen_by UUID REFERENCES users (id),
    -- From when the patient may read it; none while nobody knows.
    release_us BIGINT,
    is_critical BOOLEAN NOT NULL,
    -- The number of the newest report; 0 without one.
    report_version BIGINT NOT NULL CHECK (report_version >= 0),
    body_sealed BYTEA NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id),
    -- Nothing is shown to a patient that nobody verified.
    CONSTRAINT orders_released CHECK (release_us IS NULL OR verified_us IS NOT NULL),
    CONSTRAINT orders_verified CHECK (stage NOT IN ('final', 'amended') OR verified_us IS NOT NULL),
    CONSTRAINT orders_seen CHECK ((seen_us IS NULL) = (seen_by IS NULL))
);
CREATE INDEX orders_by_patient ON orders (patient, ordered_us, id);
CREATE INDEX orders_by_department ON orders (tenant, department, stage, priority, ordered_us);
CREATE INDEX orders_by_doctor ON orders (ordered_by, reported_us);

-- Every version of a report, for ever.
CREATE TABLE order_reports (
    order_id UUID NOT NULL REFERENCES orders (id),
    version BIGINT NOT NULL CHECK (version >= 1),
    stage TEXT NOT NULL CHECK (stage IN ('preliminary', 'final', 'amended')),
    author UUID NOT NULL REFERENCES users (id),
    at_us BIGINT NOT NULL,
    body_sealed BYTEA NOT NULL,
    PRIMARY KEY (order_id, version)
);

-- Which order holds a value of which test, and where the chart has it once it is verified. The code
-- is a blind index under the patient's key.
CREATE TABLE result_values (
    order_id UUID NOT NULL REFERENCES orders (id),
    code_index BYTEA NOT NULL,
    entry UUID NOT NULL UNIQUE,
    PRIMARY KEY (order_id, code_index)
);
CREATE INDEX result_values_by_code ON result_values (code_index);

-- The page of a critical value: who was told last, and when to tell the next.
CREATE TABLE critical_pages (
    order_id UUID NOT NULL PRIMARY KEY REFERENCES orders (id),
    -- Counts how often the order raised a page.
    round BIGINT NOT NULL CHECK (round >= 1),
    level BIGINT NOT NULL CHECK (level >= 0),
    since_us BIGINT NOT NULL,
    -- None once a clinician has taken it.
    next_us BIGINT,
    taken_by UUID REFERENCES users (id),
    taken_us BIGINT,
    CONSTRAINT critical_pages_taken CHECK ((next_us IS NULL) = (taken_by IS NOT NULL)
        AND (taken_by IS NULL) = (taken_us IS NULL))
);
CREATE INDEX critical_pages_due ON critical_pages (next_us) WHERE next_us IS NOT NULL;

-- Who was told of a critical value. A doctor who was told may read it.
CREATE TABLE critical_told (
    order_id UUID NOT NULL REFERENCES orders (id),
    person UUID NOT NULL REFERENCES users (id),
    at_us BIGINT NOT NULL,
    PRIMARY KEY (order_id, person)
);
CREATE INDEX critical_told_by_person ON critical_told (person, order_id);
