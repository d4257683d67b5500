-- When a prescription came to the pharmacy: at transmission, and again after an override.
ALTER TABLE prescriptions ADD COLUMN sent_us BIGINT;
UPDATE prescriptions SET sent_us = signed_us WHERE stage NOT IN ('draft', 'signed', 'cancelled');
