-- The number that a facility wants to be called at when a check could not be understood. It is on its door, and no
-- secret.
ALTER TABLE triage_settings ADD COLUMN clinic_phone TEXT;
