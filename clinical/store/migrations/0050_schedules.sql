-- What can be booked, what it needs, and when people and things are there.
CREATE TABLE services (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL REFERENCES tenants (id),
    -- A word of the program or the clinic; pages have the names of known ones.
    code TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 40),
    length_min BIGINT NOT NULL CHECK (length_min BETWEEN 5 AND 720),
    before_min BIGINT NOT NULL CHECK (before_min BETWEEN 0 AND 720),
    after_min BIGINT NOT NULL CHECK (after_min BETWEEN 0 AND 720),
    step_min BIGINT NOT NULL CHECK (step_min BETWEEN 5 AND 720),
    active BOOLEAN NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    CONSTRAINT services_code UNIQUE (tenant, code)
);

CREATE TABLE resources (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL REFERENCES tenants (id),
    kind TEXT NOT NULL CHECK (kind IN ('room', 'equipment')),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    zone TEXT NOT NULL CHECK (length(zone) BETWEEN 1 AND 64),
    active BOOLEAN NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1)
);
CREATE INDEX resources_of_tenant ON resources (tenant);

-- Who gives a service; nobody listed means every doctor.
CREATE TABLE service_doctors (
    service UUID NOT NULL REFERENCES services (id),
    doctor UUID NOT NULL REFERENCES users (id),
    PRIMARY KEY (service, doctor)
);

-- What a service needs besides a doctor: of the resources with one number, any one.
CREATE TABLE service_needs (
    service UUID NOT NULL REFERENCES services (id),
    need BIGINT NOT NULL CHECK (need BETWEEN 0 AND 9),
    resource UUID NOT NULL REFERENCES resources (id),
    PRIMARY KEY (service, need, resource)
);

-- Hours that recur: an RRULE of RFC 5545 on wall dates, and minutes of the wall clock. They come
-- besides the weekly hours of a doctor. The anchor is YYYYMMDD as a number.
CREATE TABLE schedule_rules (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL REFERENCES tenants (id),
    owner UUID NOT NULL,
    rule TEXT NOT NULL CHECK (length(rule) BETWEEN 1 AND 256),
    anchor BIGINT NOT NULL CHECK (anchor BETWEEN 19900101 AND 21001231),
    start_min BIGINT NOT NULL CHECK (start_min BETWEEN 0 AND 1439),
    length_min BIGINT NOT NULL CHECK (length_min BETWEEN 1 AND 1440)
);
CREATE INDEX schedule_rules_by_owner ON schedule_rules (owner);

-- Leave, maintenance, extra hours. Wall times are microseconds as if the wall clock showed UTC:
-- they are compared as numbers and never with an instant.
CREATE TABLE schedule_exceptions (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL REFERENCES tenants (id),
    owner UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('leave', 'holiday', 'maintenance', 'other', 'extra')),
    from_wall_us BIGINT NOT NULL,
    to_wall_us BIGINT NOT NULL,
    created_by UUID NOT NULL,
    CONSTRAINT schedule_exceptions_order CHECK (from_wall_us < to_wall_us)
);
CREATE INDEX schedule_exceptions_by_owner ON schedule_exceptions (owner, to_wall_us);

-- On the public holidays of which country (ISO 3166-1) the recurring hours do not begin.
CREATE TABLE schedule_holidays (
    owner UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL REFERENCES tenants (id),
    country TEXT NOT NULL CHECK (length(country) = 2)
);

-- A time kept for somebody for some minutes. What it occupies is in `occupancies`.
CREATE TABLE holds (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL REFERENCES tenants (id),
    patient UUID NOT NULL,
    service UUID REFERENCES services (id),
    doctor UUID NOT NULL,
    start_us BIGINT NOT NULL,
    end_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    -- One at a time; a new one replaces it.
    CONSTRAINT holds_of_patient UNIQUE (patient),
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id),
    FOREIGN KEY (tenant, doctor) REFERENCES users (tenant, id)
);
