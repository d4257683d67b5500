-- Passes into rooms that were used, when several nodes take them: each opens once on all of them. A row
-- is worth nothing once its pass has expired.
CREATE TABLE spent_passes (
    id UUID NOT NULL PRIMARY KEY,
    expires_us BIGINT NOT NULL
);
CREATE INDEX spent_passes_by_expiry ON spent_passes (expires_us);
