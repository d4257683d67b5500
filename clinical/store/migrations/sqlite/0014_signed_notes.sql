-- A signed note never changes and never goes away.
CREATE TRIGGER notes_signed_immutable_update
BEFORE UPDATE ON notes WHEN OLD.state = 'signed'
BEGIN
    SELECT RAISE(ABORT, 'notes_signed_immutable');
END;

CREATE TRIGGER notes_signed_immutable_delete
BEFORE DELETE ON notes WHEN OLD.state = 'signed'
BEGIN
    SELECT RAISE(ABORT, 'notes_signed_immutable');
END;
