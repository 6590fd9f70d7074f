"""Who may see what: workers, their sessions, and the only family filter."""
