"""What children and parents have said that they think and want, in their own words, and who may read it."""
