"""Data protection: backups, what is held about one person, erasing it, and what is removed when it is old enough."""
