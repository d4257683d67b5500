-- The doctor's note of a visit.
CREATE TABLE notes (
    id UUID NOT NULL PRIMARY KEY,
    appointment UUID NOT NULL UNIQUE REFERENCES appointments (id),
    author UUID NOT NULL REFERENCES users (id),
    body_sealed BYTEA NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'signed')),
    version BIGINT NOT NULL CHECK (version >= 1),
    signed_us BIGINT,
    saved_us BIGINT NOT NULL,
    CONSTRAINT notes_signed_time CHECK ((state = 'signed') = (signed_us IS NOT NULL)),
    -- An empty text has 29 bytes when it is sealed.
    CONSTRAINT notes_signed_text CHECK (state <> 'signed' OR length(body_sealed) > 29)
);
