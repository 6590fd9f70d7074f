"""Meetings and visits: who is expected, what they answered, requests to change."""
