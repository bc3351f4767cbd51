"""Scans on their way into the database: appended to files by whoever serves, loaded exactly once. Knows records, not pages."""
