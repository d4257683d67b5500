-- Who waits for a time that becomes free.
CREATE TABLE waiting_entries (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL REFERENCES tenants (id),
    patient UUID NOT NULL,
    service UUID NOT NULL REFERENCES services (id),
    -- With whom; none for anybody.
    doctor UUID REFERENCES users (id),
    from_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    -- Parts of the day: 1 morning, 2 afternoon, 4 evening, added up.
    parts BIGINT NOT NULL CHECK (parts BETWEEN 1 AND 7),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'offered', 'booked', 'left')),
    joined_us BIGINT NOT NULL,
    CONSTRAINT waiting_entries_order CHECK (from_us < until_us),
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id)
);
CREATE INDEX waiting_entries_in_order ON waiting_entries (tenant, state, joined_us);
CREATE UNIQUE INDEX waiting_entries_once ON waiting_entries (patient, service)
    WHERE state IN ('waiting', 'offered');

-- Nobody is offered the same time twice.
CREATE TABLE waiting_offers (
    id UUID NOT NULL PRIMARY KEY,
    entry UUID NOT NULL REFERENCES waiting_entries (id),
    hold UUID NOT NULL,
    doctor UUID NOT NULL REFERENCES users (id),
    start_us BIGINT NOT NULL,
    end_us BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'declined', 'expired')),
    made_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    CONSTRAINT waiting_offers_once UNIQUE (entry, doctor, start_us)
);
CREATE UNIQUE INDEX waiting_offers_open ON waiting_offers (entry) WHERE state = 'open';
CREATE INDEX waiting_offers_by_expiry ON waiting_offers (state, expires_us);

-- Times that were taken and became free, while they are still to come.
CREATE TABLE freed_times (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL REFERENCES tenants (id),
    doctor UUID NOT NULL REFERENCES users (id),
    from_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    freed_us BIGINT NOT NULL,
    CONSTRAINT freed_times_order CHECK (from_us < until_us)
);
CREATE INDEX freed_times_by_begin ON freed_times (from_us);
