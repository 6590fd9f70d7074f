"""Appointments: days in people's words, what is coming up, answers to them."""
