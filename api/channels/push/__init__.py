"""Notes to workers' browsers (web push)."""
