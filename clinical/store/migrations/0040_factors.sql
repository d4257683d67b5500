-- Second factors. What proves one is sealed with the tenant's key.
CREATE TABLE factors (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL,
    user_id UUID NOT NULL,
    kind TEXT NOT NULL CONSTRAINT factors_kind CHECK (kind IN ('app', 'passkey')),
    -- What the person calls it.
    label_sealed BYTEA NOT NULL,
    -- The shared secret of an app, the public key and counter of a passkey.
    secret_sealed BYTEA NOT NULL,
    -- SHA-256 of a passkey's credential id: it belongs to one account.
    credential_index BYTEA,
    -- The time step of the last code that was accepted; it only grows, so no code works twice.
    last_step BIGINT,
    created_us BIGINT NOT NULL,
    -- Until it was shown once, it opens nothing.
    confirmed_us BIGINT,
    used_us BIGINT,
    CONSTRAINT factors_passkeys_have_an_id CHECK ((kind = 'passkey') = (credential_index IS NOT NULL)),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);
CREATE INDEX factors_by_user ON factors (user_id);
CREATE UNIQUE INDEX factors_credential ON factors (credential_index);

-- Recovery codes by their SHA-256.
CREATE TABLE recovery_codes (
    user_id UUID NOT NULL REFERENCES users (id),
    code_hash BYTEA NOT NULL,
    created_us BIGINT NOT NULL,
    used_us BIGINT,
    PRIMARY KEY (user_id, code_hash)
);

-- Secrets that are good for one use: between password and second factor, and to choose a password.
CREATE TABLE one_time_tokens (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    purpose TEXT NOT NULL CONSTRAINT one_time_tokens_purpose
        CHECK (purpose IN ('second_factor', 'set_password')),
    -- SHA-256, hex.
    token_hash TEXT NOT NULL,
    tries BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    used_us BIGINT,
    CONSTRAINT one_time_tokens_expire_later CHECK (expires_us > created_us)
);
CREATE INDEX one_time_tokens_by_user ON one_time_tokens (user_id, purpose);
CREATE INDEX one_time_tokens_by_expiry ON one_time_tokens (expires_us);

-- Passkey ceremonies between their two halves. A row is removed by the answer, right or wrong.
CREATE TABLE passkey_ceremonies (
    id UUID NOT NULL PRIMARY KEY,
    -- Nobody, when the device is asked who signs in.
    user_id UUID REFERENCES users (id),
    state BYTEA NOT NULL,
    expires_us BIGINT NOT NULL
);
CREATE INDEX passkey_ceremonies_by_expiry ON passkey_ceremonies (expires_us);

-- What was shown last in a sign-in, and when; a coarse word for the browser.
ALTER TABLE sessions ADD COLUMN proof TEXT NOT NULL DEFAULT 'password';
ALTER TABLE sessions ADD COLUMN proved_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT '';

-- Where a member of staff works, and when somebody last looked whether they still should.
ALTER TABLE users ADD COLUMN department_sealed BYTEA;
ALTER TABLE users ADD COLUMN reviewed_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
