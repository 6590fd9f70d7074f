"""Webhooks out: to whom, what, signed how, tried how often, and never into our own network."""
