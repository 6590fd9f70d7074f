"""Discreet reminders of what is coming up."""
