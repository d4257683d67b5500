-- What was written stays, and a thread keeps whom it is about.
CREATE FUNCTION refuse_thread_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'messages_are_append_only'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'messages_are_append_only';
END;
$$;
CREATE TRIGGER thread_messages_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON thread_messages
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_thread_change();
CREATE TRIGGER threads_grow BEFORE UPDATE ON threads
    FOR EACH ROW WHEN (NEW.last_seq < OLD.last_seq OR NEW.tenant <> OLD.tenant
        OR NEW.patient <> OLD.patient)
    EXECUTE FUNCTION refuse_thread_change();
CREATE TRIGGER thread_members_read_on BEFORE UPDATE ON thread_members
    FOR EACH ROW WHEN (NEW.read_seq < OLD.read_seq)
    EXECUTE FUNCTION refuse_thread_change();
