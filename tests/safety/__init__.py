"""The safety screen: its patterns, its guards, and what it may never miss."""
