"""One turn through Rasa: tokens, operations, memory."""
