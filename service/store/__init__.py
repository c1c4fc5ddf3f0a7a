"""The only room that speaks to PostgreSQL: tables, reads, writes, migrations."""
