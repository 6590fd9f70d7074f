"""Families: what their workers see of them."""
