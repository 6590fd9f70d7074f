"""Conferences: planned, recorded, refused with the reason."""
