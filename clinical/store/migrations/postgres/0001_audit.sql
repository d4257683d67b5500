-- One row for every access decision and every change, chained per tenant. Rows are only ever added.
CREATE TABLE audit_event (
    tenant UUID NOT NULL,
    -- Without gaps in a tenant, from 1.
    seq BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    actor_kind TEXT NOT NULL CONSTRAINT audit_actor_kind
        CHECK (actor_kind IN ('user', 'link', 'participant', 'nobody', 'system')),
    actor_id UUID,
    action TEXT NOT NULL,
    subject_kind TEXT,
    subject_id UUID,
    patient UUID,
    version BIGINT,
    granted_by TEXT,
    purpose TEXT,
    outcome TEXT NOT NULL CONSTRAINT audit_outcome CHECK (outcome IN ('done', 'refused')),
    -- SHA-256 over the row and the hash of the row before it.
    hash BYTEA NOT NULL,
    PRIMARY KEY (tenant, seq)
);
CREATE INDEX audit_by_patient ON audit_event (patient, at_us);
CREATE INDEX audit_by_subject ON audit_event (subject_id, seq);
CREATE INDEX audit_by_actor ON audit_event (actor_id, seq);

-- Where the chain of a tenant stands.
CREATE TABLE audit_head (
    tenant UUID NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL
);

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'audit_is_append_only',
        CONSTRAINT = 'audit_is_append_only';
END
$$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
