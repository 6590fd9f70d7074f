"""What conferences, reviews, appointments and people's profiles said before a change: when, by whom and why."""
