"""The safety screen: notices danger in a message, before and independent of Rasa."""
