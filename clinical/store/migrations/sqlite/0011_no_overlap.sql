-- Nobody is in two appointments at once. The message of each trigger is the name of the
-- constraint that says the same in PostgreSQL.

CREATE TRIGGER appointments_doctor_overlap_insert
BEFORE INSERT ON appointments
WHEN NEW.state <> 'cancelled' AND EXISTS (
    SELECT 1 FROM appointments AS other
    WHERE other.doctor = NEW.doctor AND other.id <> NEW.id AND other.state <> 'cancelled'
      AND other.start_us < NEW.end_us AND NEW.start_us < other.end_us
)
BEGIN
    SELECT RAISE(ABORT, 'appointments_doctor_overlap');
END;

CREATE TRIGGER appointments_doctor_overlap_update
BEFORE UPDATE OF doctor, start_us, end_us, state ON appointments
WHEN NEW.state <> 'cancelled' AND EXISTS (
    SELECT 1 FROM appointments AS other
    WHERE other.doctor = NEW.doctor AND other.id <> NEW.id AND other.state <> 'cancelled'
      AND other.start_us < NEW.end_us AND NEW.start_us < other.end_us
)
BEGIN
    SELECT RAISE(ABORT, 'appointments_doctor_overlap');
END;

CREATE TRIGGER appointments_patient_overlap_insert
BEFORE INSERT ON appointments
WHEN NEW.state <> 'cancelled' AND EXISTS (
    SELECT 1 FROM appointments AS other
    WHERE other.patient = NEW.patient AND other.id <> NEW.id AND other.state <> 'cancelled'
      AND other.start_us < NEW.end_us AND NEW.start_us < other.end_us
)
BEGIN
    SELECT RAISE(ABORT, 'appointments_patient_overlap');
END;

CREATE TRIGGER appointments_patient_overlap_update
BEFORE UPDATE OF patient, start_us, end_us, state ON appointments
WHEN NEW.state <> 'cancelled' AND EXISTS (
    SELECT 1 FROM appointments AS other
    WHERE other.patient = NEW.patient AND other.id <> NEW.id AND other.state <> 'cancelled'
      AND other.start_us < NEW.end_us AND NEW.start_us < other.end_us
)
BEGIN
    SELECT RAISE(ABORT, 'appointments_patient_overlap');
END;
