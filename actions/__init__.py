"""The action server: a thin client of the API. It knows no family and keeps nothing."""
