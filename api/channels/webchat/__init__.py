"""The web chat: a page that talks over the same road as a text message."""
