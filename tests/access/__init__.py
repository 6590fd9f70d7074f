"""Who may see what: passwords, sessions, guards, the family filter."""
