-- What is booked is kept once and for all that it needs.
ALTER TABLE appointments ADD COLUMN service UUID REFERENCES services (id);
-- Staff gave this time although the doctor has another appointment then.
ALTER TABLE appointments ADD COLUMN overbooked BOOLEAN NOT NULL DEFAULT FALSE;
-- Whether a cancelled appointment is one to which the patient did not come.
ALTER TABLE appointments ADD COLUMN no_show BOOLEAN NOT NULL DEFAULT FALSE;

DROP INDEX appointments_doctor_start;
CREATE UNIQUE INDEX appointments_doctor_start ON appointments (doctor, start_us)
    WHERE state <> 'cancelled' AND overbooked = FALSE;

-- What keeps a doctor, a room or a device busy, buffers included: an appointment or a hold. One
-- table for all of them, so that what is booked together is refused together.
CREATE TABLE occupancies (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL REFERENCES tenants (id),
    who UUID NOT NULL,
    appointment UUID REFERENCES appointments (id),
    hold UUID REFERENCES holds (id) ON DELETE CASCADE,
    from_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    overbooked BOOLEAN NOT NULL,
    -- When a hold stops counting; none for an appointment.
    expires_us BIGINT,
    written_us BIGINT NOT NULL,
    CONSTRAINT occupancies_order CHECK (from_us < until_us),
    CONSTRAINT occupancies_cause CHECK ((appointment IS NULL) <> (hold IS NULL)),
    CONSTRAINT occupancies_expiry CHECK ((hold IS NULL) = (expires_us IS NULL))
);
CREATE INDEX occupancies_by_who ON occupancies (who, from_us);
CREATE INDEX occupancies_by_appointment ON occupancies (appointment);
CREATE INDEX occupancies_by_hold ON occupancies (hold);

INSERT INTO occupancies (id, tenant, who, appointment, from_us, until_us, overbooked, written_us)
SELECT randomblob(16), tenant, doctor, id, start_us, end_us, FALSE, created_us
FROM appointments WHERE state <> 'cancelled';

DROP TRIGGER appointments_doctor_overlap_insert;
DROP TRIGGER appointments_doctor_overlap_update;

CREATE TRIGGER appointments_doctor_overlap_insert
BEFORE INSERT ON appointments
WHEN NEW.state <> 'cancelled' AND NEW.overbooked = FALSE AND EXISTS (
    SELECT 1 FROM appointments AS other
    WHERE other.doctor = NEW.doctor AND other.id <> NEW.id AND other.state <> 'cancelled'
      AND other.overbooked = FALSE
      AND other.start_us < NEW.end_us AND NEW.start_us < other.end_us
)
BEGIN
    SELECT RAISE(ABORT, 'appointments_doctor_overlap');
END;

CREATE TRIGGER appointments_doctor_overlap_update
BEFORE UPDATE OF doctor, start_us, end_us, state, overbooked ON appointments
WHEN NEW.state <> 'cancelled' AND NEW.overbooked = FALSE AND EXISTS (
    SELECT 1 FROM appointments AS other
    WHERE other.doctor = NEW.doctor AND other.id <> NEW.id AND other.state <> 'cancelled'
      AND other.overbooked = FALSE
      AND other.start_us < NEW.end_us AND NEW.start_us < other.end_us
)
BEGIN
    SELECT RAISE(ABORT, 'appointments_doctor_overlap');
END;

-- A hold that has expired gives way in the statement that needs its time; everything else refuses.
CREATE TRIGGER occupancies_overlap_insert
BEFORE INSERT ON occupancies
BEGIN
    DELETE FROM occupancies
    WHERE who = NEW.who AND expires_us <= NEW.written_us AND id <> NEW.id
      AND from_us < NEW.until_us AND NEW.from_us < until_us;
    SELECT RAISE(ABORT, 'occupancies_overlap')
    WHERE NEW.overbooked = FALSE AND EXISTS (
        SELECT 1 FROM occupancies AS other
        WHERE other.who = NEW.who AND other.id <> NEW.id AND other.overbooked = FALSE
          AND other.from_us < NEW.until_us AND NEW.from_us < other.until_us
    );
END;

CREATE TRIGGER occupancies_overlap_update
BEFORE UPDATE OF who, from_us, until_us, overbooked ON occupancies
BEGIN
    DELETE FROM occupancies
    WHERE who = NEW.who AND expires_us <= NEW.written_us AND id <> NEW.id
      AND from_us < NEW.until_us AND NEW.from_us < until_us;
    SELECT RAISE(ABORT, 'occupancies_overlap')
    WHERE NEW.overbooked = FALSE AND EXISTS (
        SELECT 1 FROM occupancies AS other
        WHERE other.who = NEW.who AND other.id <> NEW.id AND other.overbooked = FALSE
          AND other.from_us < NEW.until_us AND NEW.from_us < other.until_us
    );
END;
