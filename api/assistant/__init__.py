"""One turn of the conversation through Rasa, and what its actions may call."""
