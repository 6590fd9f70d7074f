"""Notes to workers' browsers."""
