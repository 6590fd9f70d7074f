"""Attacks tried on the whole application, a file for each kind; SECURITY.md has the table of what happened."""
