"""Child protection conferences: who was there, what was weighed, what was decided, who disagreed."""
