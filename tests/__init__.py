"""All tests; they mirror api/, and tests/promises holds the end-to-end ones."""
