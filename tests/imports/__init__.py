"""Import files: checked whole, written whole or not at all."""
