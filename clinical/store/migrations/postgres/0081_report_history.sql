-- What was reported stays.
CREATE FUNCTION refuse_report_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'reports_are_append_only'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'reports_are_append_only';
END;
$$;
CREATE TRIGGER order_reports_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON order_reports
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_report_change();
CREATE TRIGGER orders_stay BEFORE DELETE OR TRUNCATE ON orders
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_report_change();
CREATE TRIGGER orders_grow BEFORE UPDATE ON orders
    FOR EACH ROW WHEN (NEW.version <> OLD.version + 1 OR NEW.report_version < OLD.report_version
        OR NEW.tenant <> OLD.tenant OR NEW.patient <> OLD.patient)
    EXECUTE FUNCTION refuse_report_change();
