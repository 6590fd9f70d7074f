"""What a worker's families need: what is to be done today, finding one of them, and what happened when."""
