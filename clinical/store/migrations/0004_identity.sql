-- People with an account.
CREATE TABLE users (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL REFERENCES tenants (id),
    -- The address under the installation's key, because who signs in does not name a tenant.
    email_index BYTEA NOT NULL,
    email_sealed BYTEA NOT NULL,
    name_sealed BYTEA NOT NULL,
    role TEXT NOT NULL CONSTRAINT users_role CHECK (role IN (
        'patient', 'doctor', 'nurse', 'pharmacist', 'lab_technician', 'radiologist',
        'pathologist', 'admin', 'health_authority')),
    -- Argon2id, PHC string.
    password_hash TEXT NOT NULL CONSTRAINT users_password_hash
        CHECK (password_hash LIKE '$argon2id$%'),
    -- IANA zone, if they keep another than the clinic's.
    zone TEXT,
    -- Doctors only: code of the specialty, BCP 47 tags separated by blanks.
    specialty TEXT,
    languages TEXT NOT NULL DEFAULT '',
    -- A patient's own record.
    patient UUID REFERENCES patients (id),
    -- Until then staff may work without a second factor.
    factor_grace_us BIGINT NOT NULL,
    disabled BOOLEAN NOT NULL DEFAULT FALSE,
    created_us BIGINT NOT NULL,
    CONSTRAINT users_of_tenant UNIQUE (tenant, id),
    CONSTRAINT users_patients_have_a_record CHECK ((role = 'patient') = (patient IS NOT NULL)),
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id),
    CONSTRAINT users_doctors_have_specialty
        CHECK ((role = 'doctor') = (specialty IS NOT NULL) AND (role <> 'doctor' OR zone IS NOT NULL))
);
CREATE UNIQUE INDEX users_email ON users (email_index);
CREATE INDEX users_by_role ON users (tenant, role);
CREATE UNIQUE INDEX users_patient ON users (patient) WHERE patient IS NOT NULL;

-- Sign-ins. The refresh tokens of one sign-in are a family: only the current one works.
CREATE TABLE sessions (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    -- SHA-256 of refresh tokens, hex.
    token_hash TEXT NOT NULL,
    previous_hash TEXT,
    rotated_us BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    revoked_us BIGINT,
    CONSTRAINT sessions_expire_later CHECK (expires_us > created_us)
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_us);
