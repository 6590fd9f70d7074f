"""People, how to reach them safely, and what they agreed to."""
