"""The ways in: Twilio's webhooks and the web chat."""
