"""Components of the understanding that Rasa does not have itself."""
