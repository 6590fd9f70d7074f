"""Is work being done, and who is told when it is not."""
