"""The ladder: who is told, when, and that it never ends by itself."""
