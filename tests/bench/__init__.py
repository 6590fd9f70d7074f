"""Speed, size and understanding of the running product, beside the stock Rasa 3.6 starter bot: `make bench`."""
