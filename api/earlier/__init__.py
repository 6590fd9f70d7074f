"""What conferences, reviews and appointments said before they were changed: when, by whom and why."""
