"""Photos and documents: what is kept of them, by which link they come, who sees them, and when they go."""
