-- When patients want to be reminded of a line of a prescription. The times of the clock are sealed with
-- the patient's key: how often somebody takes a medicine is clinical.
CREATE TABLE medication_reminders (
    id UUID NOT NULL PRIMARY KEY,
    prescription UUID NOT NULL,
    line BIGINT NOT NULL,
    tenant UUID NOT NULL,
    patient UUID NOT NULL,
    is_on BOOLEAN NOT NULL,
    times_sealed BYTEA NOT NULL,
    -- When to look whether a dose is due; none when nothing is left to remind of.
    look_us BIGINT,
    version BIGINT NOT NULL CHECK (version >= 1),
    CONSTRAINT medication_reminders_line UNIQUE (prescription, line),
    FOREIGN KEY (prescription, line) REFERENCES prescription_lines (prescription, line),
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id)
);
CREATE INDEX medication_reminders_by_look ON medication_reminders (look_us)
    WHERE is_on = TRUE AND look_us IS NOT NULL;
CREATE INDEX medication_reminders_by_patient ON medication_reminders (patient);
