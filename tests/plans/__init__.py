"""Plans and actions: what is matched, recorded, taken back."""
