-- What was written into a chart stays.
CREATE FUNCTION refuse_chart_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'chart_is_append_only'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'chart_is_append_only';
END;
$$;
CREATE TRIGGER chart_versions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON chart_versions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_chart_change();
CREATE TRIGGER chart_entries_stay BEFORE DELETE OR TRUNCATE ON chart_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_chart_change();
CREATE TRIGGER chart_entries_grow BEFORE UPDATE ON chart_entries
    FOR EACH ROW WHEN (NEW.version <> OLD.version + 1 OR NEW.kind <> OLD.kind OR NEW.tenant <> OLD.tenant)
    EXECUTE FUNCTION refuse_chart_change();
