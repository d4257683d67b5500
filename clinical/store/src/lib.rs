//! The SQL of the clinical service, on SQLite and PostgreSQL.
