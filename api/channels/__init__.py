"""How messages come in and go out: Twilio (SMS) and the web chat."""
