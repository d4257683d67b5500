-- Which sealed files were given out: the SHA-256 of each, and nothing of its content.
CREATE TABLE prescription_documents (
    digest BYTEA NOT NULL PRIMARY KEY,
    prescription UUID NOT NULL REFERENCES prescriptions (id),
    issued_us BIGINT NOT NULL
);
CREATE INDEX prescription_documents_by_prescription ON prescription_documents (prescription);
