-- Requests that were carried out under a key of their sender, so that a repeated one is answered and
-- not carried out again (draft-ietf-httpapi-idempotency-key-header).
CREATE TABLE idempotency_keys (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL,
    -- SHA-256 of what was asked for.
    request BYTEA NOT NULL,
    done_us BIGINT NOT NULL,
    -- The answer, once it was given: status, headers and body.
    answer_sealed BYTEA
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (done_us);
