"""The Rasa side of Hearthline: configuration, custom components, and the tracker store that forgets."""
