"""Reviews of a plan: progress on what was wanted, what helped, what changed, and what comes next."""
