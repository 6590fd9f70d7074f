"""Packs of words, clocks and emergency lines for each place."""
