-- What patients ask for about their record: a correction, an answer about an access, an erasure.
CREATE TABLE rights_requests (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL,
    patient UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('correction', 'access', 'erasure')),
    -- The fact, or the number of the access, that it is about.
    entry UUID REFERENCES chart_entries (id),
    look BIGINT,
    -- What was asked and answered, under the patient's key.
    text_sealed BYTEA,
    answer_sealed BYTEA,
    asked_us BIGINT NOT NULL,
    asked_by UUID NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'declined', 'retained')),
    decided_us BIGINT,
    decided_by UUID,
    -- Why and until when a record is kept.
    law TEXT,
    kept_until_us BIGINT,
    version BIGINT NOT NULL CHECK (version >= 1),
    CONSTRAINT rights_requests_decided
        CHECK ((state = 'open') = (decided_us IS NULL) AND (state = 'open') = (decided_by IS NULL)),
    CONSTRAINT rights_requests_law
        CHECK ((state = 'retained') = (law IS NOT NULL) AND (law IS NULL) = (kept_until_us IS NULL)),
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id),
    FOREIGN KEY (tenant, asked_by) REFERENCES users (tenant, id)
);
CREATE INDEX rights_requests_by_patient ON rights_requests (patient, asked_us);
CREATE INDEX rights_requests_by_tenant ON rights_requests (tenant, kind, state, asked_us);
CREATE UNIQUE INDEX rights_requests_one_erasure ON rights_requests (patient)
    WHERE kind = 'erasure' AND state = 'open';
