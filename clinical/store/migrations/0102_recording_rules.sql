-- For how many days a facility keeps new recordings: of everything, and of some kinds of visit.
CREATE TABLE recording_rules (
    tenant UUID NOT NULL PRIMARY KEY REFERENCES tenants (id),
    keep_days BIGINT NOT NULL CHECK (keep_days BETWEEN 30 AND 10958),
    version BIGINT NOT NULL CHECK (version >= 1)
);
CREATE TABLE recording_rules_of_services (
    service UUID NOT NULL PRIMARY KEY REFERENCES services (id),
    tenant UUID NOT NULL REFERENCES recording_rules (tenant),
    keep_days BIGINT NOT NULL CHECK (keep_days BETWEEN 30 AND 10958)
);
