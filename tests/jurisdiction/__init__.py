"""Jurisdiction packs: whole, sourced, refused when not."""
