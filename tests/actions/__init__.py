"""The action server: what it asks of the API, and its silence when that fails."""
