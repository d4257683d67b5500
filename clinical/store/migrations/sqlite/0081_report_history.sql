-- What was reported stays.
CREATE TRIGGER order_reports_not_changed BEFORE UPDATE ON order_reports
BEGIN
    SELECT RAISE(ABORT, 'reports_are_append_only');
END;
CREATE TRIGGER order_reports_not_deleted BEFORE DELETE ON order_reports
BEGIN
    SELECT RAISE(ABORT, 'reports_are_append_only');
END;
CREATE TRIGGER orders_not_deleted BEFORE DELETE ON orders
BEGIN
    SELECT RAISE(ABORT, 'reports_are_append_only');
END;
CREATE TRIGGER orders_grow BEFORE UPDATE ON orders
WHEN NEW.version <> OLD.version + 1 OR NEW.report_version < OLD.report_version
    OR NEW.tenant <> OLD.tenant OR NEW.patient <> OLD.patient
BEGIN
    SELECT RAISE(ABORT, 'reports_are_append_only');
END;
