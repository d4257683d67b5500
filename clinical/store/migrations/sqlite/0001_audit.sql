-- One row for every change. Rows are only ever added.
CREATE TABLE audit_event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
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

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit_event
BEGIN
    SELECT RAISE(ABORT, 'audit_is_append_only');
END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit_event
BEGIN
    SELECT RAISE(ABORT, 'audit_is_append_only');
END;
