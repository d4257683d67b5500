-- One row for every change. Rows are only ever added.
CREATE TABLE audit_event (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_us BIGINT NOT NULL,
    actor_kind TEXT NOT NULL CONSTRAINT audit_actor_kind
        CHECK (actor_kind IN ('user', 'link', 'participant', 'nobody', 'system')),
    actor_id UUID,
    action TEXT NOT NULL,
    subject_kind TEXT,
    subject_id UUID,
    granted_by TEXT,
    outcome TEXT NOT NULL CONSTRAINT audit_outcome CHECK (outcome IN ('done', 'refused'))
);
CREATE INDEX audit_by_subject ON audit_event (subject_id, seq);
CREATE INDEX audit_by_actor ON audit_event (actor_id, seq);

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'audit_is_append_only',
        CONSTRAINT = 'audit_is_append_only';
END
$$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
