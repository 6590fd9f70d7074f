"""Reviews: prepared, recorded, and what they mean for the plan."""
