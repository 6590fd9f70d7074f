"""The workers' console: escalations, conversations, families."""
