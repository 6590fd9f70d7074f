"""SMS through Twilio: verify, accept, send, settle."""
