-- Whom one can book, and when. Times of day are minutes of the wall clock in the zone.
CREATE TABLE doctor_schedules (
    doctor UUID NOT NULL PRIMARY KEY REFERENCES users (id),
    zone TEXT NOT NULL CHECK (length(zone) BETWEEN 1 AND 64),
    slot_min BIGINT NOT NULL CHECK (slot_min BETWEEN 5 AND 120)
);

CREATE TABLE doctor_hours (
    doctor UUID NOT NULL REFERENCES doctor_schedules (doctor),
    weekday BIGINT NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    start_min BIGINT NOT NULL CHECK (start_min BETWEEN 0 AND 1439),
    end_min BIGINT NOT NULL CHECK (end_min BETWEEN 1 AND 1440),
    PRIMARY KEY (doctor, weekday, start_min),
    CONSTRAINT doctor_hours_order CHECK (start_min < end_min)
);

-- One row per person who was ever booked. Whoever changes a person's appointments writes to it
-- first, so that two changes wait for each other instead of for a deadlock to be found. The rule
-- itself is kept by the constraints on appointments.
CREATE TABLE calendars (
    person UUID NOT NULL PRIMARY KEY,
    changes BIGINT NOT NULL
);

CREATE TABLE appointments (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL REFERENCES tenants (id),
    doctor UUID NOT NULL,
    patient UUID NOT NULL,
    start_us BIGINT NOT NULL,
    end_us BIGINT NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('booked', 'arrived', 'in_progress', 'finished', 'cancelled')),
    -- Since when it is in that state; none while booked.
    state_us BIGINT,
    -- In the patient's words, under the patient's key.
    reason_sealed BYTEA NOT NULL,
    room UUID NOT NULL UNIQUE,
    doctor_participant UUID NOT NULL,
    patient_participant UUID NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    created_us BIGINT NOT NULL,
    CONSTRAINT appointments_order CHECK (start_us < end_us),
    CONSTRAINT appointments_state_time CHECK ((state = 'booked') = (state_us IS NULL)),
    CONSTRAINT appointments_of_tenant UNIQUE (tenant, id),
    FOREIGN KEY (tenant, doctor) REFERENCES users (tenant, id),
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id)
);
CREATE INDEX appointments_by_doctor ON appointments (doctor, start_us);
CREATE INDEX appointments_by_patient ON appointments (patient, start_us);
-- The overlap rules follow per engine; these say the most important part of them in both.
CREATE UNIQUE INDEX appointments_doctor_start ON appointments (doctor, start_us)
    WHERE state <> 'cancelled';
CREATE UNIQUE INDEX appointments_patient_start ON appointments (patient, start_us)
    WHERE state <> 'cancelled';
