-- What was written stays, and a thread keeps whom it is about.
CREATE TRIGGER thread_messages_not_changed BEFORE UPDATE ON thread_messages
BEGIN
    SELECT RAISE(ABORT, 'messages_are_append_only');
END;
CREATE TRIGGER thread_messages_not_deleted BEFORE DELETE ON thread_messages
BEGIN
    SELECT RAISE(ABORT, 'messages_are_append_only');
END;
CREATE TRIGGER threads_grow BEFORE UPDATE ON threads
WHEN NEW.last_seq < OLD.last_seq OR NEW.tenant <> OLD.tenant OR NEW.patient <> OLD.patient
BEGIN
    SELECT RAISE(ABORT, 'messages_are_append_only');
END;
CREATE TRIGGER thread_members_read_on BEFORE UPDATE ON thread_members
WHEN NEW.read_seq < OLD.read_seq
BEGIN
    SELECT RAISE(ABORT, 'messages_are_append_only');
END;
