-- Facilities. The nil tenant is the installation itself: it has a key and a chain, and no people.
CREATE TABLE tenants (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    zone TEXT NOT NULL CHECK (length(zone) BETWEEN 1 AND 64),
    -- ISO 3166-1 alpha-2: the region of telephone numbers, holidays, retention.
    country TEXT NOT NULL CHECK (length(country) = 2),
    created_us BIGINT NOT NULL
);

-- Keys, wrapped by a master key that is not in this database.
CREATE TABLE tenant_keys (
    tenant UUID NOT NULL PRIMARY KEY,
    wrapped BYTEA NOT NULL,
    created_us BIGINT NOT NULL
);
