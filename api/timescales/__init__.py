"""Statutory clocks: what happened in a case, and by when what must follow, by the rules of the jurisdiction pack."""
