"""What the assistant can do in a turn: one operation for each intent, asked for by the action server under /assist."""
