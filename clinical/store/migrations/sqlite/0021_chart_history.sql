-- What was written into a chart stays.
CREATE TRIGGER chart_versions_not_changed BEFORE UPDATE ON chart_versions
BEGIN
    SELECT RAISE(ABORT, 'chart_is_append_only');
END;
CREATE TRIGGER chart_versions_not_deleted BEFORE DELETE ON chart_versions
BEGIN
    SELECT RAISE(ABORT, 'chart_is_append_only');
END;
CREATE TRIGGER chart_entries_not_deleted BEFORE DELETE ON chart_entries
BEGIN
    SELECT RAISE(ABORT, 'chart_is_append_only');
END;
CREATE TRIGGER chart_entries_grow BEFORE UPDATE ON chart_entries
WHEN NEW.version <> OLD.version + 1 OR NEW.kind <> OLD.kind OR NEW.tenant <> OLD.tenant
BEGIN
    SELECT RAISE(ABORT, 'chart_is_append_only');
END;
