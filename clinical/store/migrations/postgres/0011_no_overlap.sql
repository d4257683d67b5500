-- Nobody is in two appointments at once. btree_gist lets a GiST index compare UUIDs.
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER TABLE appointments ADD CONSTRAINT appointments_doctor_overlap
    EXCLUDE USING gist (doctor WITH =, int8range(start_us, end_us) WITH &&)
    WHERE (state <> 'cancelled');
ALTER TABLE appointments ADD CONSTRAINT appointments_patient_overlap
    EXCLUDE USING gist (patient WITH =, int8range(start_us, end_us) WITH &&)
    WHERE (state <> 'cancelled');
