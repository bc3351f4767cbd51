"""Values and rules of traceability stamps: no web, no database, no clock, no randomness, no files."""
