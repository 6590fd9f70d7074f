"""From a cry for help to a human who has acknowledged it."""
