"""Real processes, a fake Twilio that signs, test phones, and a clock that tests move."""
