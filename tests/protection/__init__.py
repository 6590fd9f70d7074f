"""Data protection: backups, one person's data, erasure, retention."""
