"""What people said: kept as they said it, read by whom they let."""
