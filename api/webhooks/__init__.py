"""Webhooks out: an agency's own system is told, signed, that something changed: the kind and ids, no words."""
