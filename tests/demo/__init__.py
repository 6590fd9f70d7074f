"""The demo: simulated phones, and the simulated Twilio behind them."""
