"""The demo at /demo: simulated phones beside the web chat and the console. Not there in a real installation."""
