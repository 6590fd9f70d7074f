"""What all of /api/v1 shares: its answers, its errors, what it refuses."""
