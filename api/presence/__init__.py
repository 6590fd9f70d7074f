"""Who is in a conversation just now, who is writing, and how far each side has seen it."""
