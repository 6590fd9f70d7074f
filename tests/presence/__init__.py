"""Who is here, who writes, who has seen what."""
