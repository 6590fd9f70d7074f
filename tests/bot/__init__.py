"""Rasa's side: its components, its domain, the tracker store that forgets."""
