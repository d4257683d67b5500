-- A time that is offered from the waiting list is kept beside the one that the patient chose.
ALTER TABLE holds ADD COLUMN offered BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE holds DROP CONSTRAINT holds_of_patient;
CREATE UNIQUE INDEX holds_of_patient ON holds (patient) WHERE offered = FALSE;
