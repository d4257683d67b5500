-- Talks of patients with the assistant. What was said is sealed with the patient's key; a talk is kept for a
-- day after its last word, one for each account.
CREATE TABLE assistant_talks (
    person UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL,
    patient UUID NOT NULL,
    talk_sealed BYTEA NOT NULL,
    expires_us BIGINT NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    FOREIGN KEY (tenant, person) REFERENCES users (tenant, id),
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id)
);
CREATE INDEX assistant_talks_by_expiry ON assistant_talks (expires_us);
