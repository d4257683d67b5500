-- Ways into a visit by telephone. A PIN is not here: it is made anew from the facility's key, and found
-- by a keyed hash of its digits.
CREATE TABLE phone_pins (
    appointment UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL,
    hash BYTEA NOT NULL,
    -- Counts the PINs that the appointment has had.
    generation BIGINT NOT NULL CHECK (generation >= 1),
    -- How often this PIN let somebody in.
    entries BIGINT NOT NULL CHECK (entries >= 0),
    changed_us BIGINT NOT NULL,
    FOREIGN KEY (tenant, appointment) REFERENCES appointments (tenant, id)
);
-- No unique index: PINs of visits that are over may come again. Of those that are not, who makes one
-- looks, and who uses one that two have is not let in.
CREATE INDEX phone_pins_by_hash ON phone_pins (tenant, hash);

-- Who was wrong how often, across restarts. Callers are keyed hashes of their numbers.
CREATE TABLE phone_tries (
    tenant UUID NOT NULL REFERENCES tenants (id),
    who BYTEA NOT NULL,
    wrong BIGINT NOT NULL CHECK (wrong >= 0),
    until_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, who)
);
CREATE INDEX phone_tries_by_end ON phone_tries (until_us);
