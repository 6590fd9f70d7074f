"""Pages: how they are rendered, their look, their headers and their errors."""
