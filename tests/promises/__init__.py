"""The promises, end to end on real processes: nothing is lost, nothing is sent twice, nothing leaks."""
