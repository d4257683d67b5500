-- How the people of a visit meet.
ALTER TABLE services ADD COLUMN modality TEXT NOT NULL DEFAULT 'video'
    CHECK (modality IN ('video', 'in_person'));

-- Counts the changes of a plan: rules, exceptions and holidays of one owner change together.
CREATE TABLE schedule_plans (
    owner UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL REFERENCES tenants (id),
    version BIGINT NOT NULL CHECK (version >= 1)
);

-- The address under which a calendar program reads a person's own appointments. Only the hash of
-- its secret is kept.
CREATE TABLE calendar_feeds (
    account UUID NOT NULL PRIMARY KEY REFERENCES users (id),
    secret_hash TEXT NOT NULL UNIQUE CHECK (length(secret_hash) = 43),
    created_us BIGINT NOT NULL
);
