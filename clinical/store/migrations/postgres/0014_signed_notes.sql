-- A signed note never changes and never goes away.
CREATE FUNCTION refuse_signed_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'notes_signed_immutable'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'notes_signed_immutable';
END;
$$;
CREATE TRIGGER notes_signed_immutable
BEFORE UPDATE OR DELETE ON notes
FOR EACH ROW WHEN (OLD.state = 'signed') EXECUTE FUNCTION refuse_signed_note();
