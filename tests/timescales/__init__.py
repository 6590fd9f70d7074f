"""Statutory clocks: dates worked out, listed, and followed by what happened."""
