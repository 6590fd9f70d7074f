"""Reminders of appointments, and telling everybody concerned when one is moved or called off."""
