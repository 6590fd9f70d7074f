"""Health, limits and headers."""
