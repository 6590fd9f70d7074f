"""What all of ``/api/v1`` shares: the shape of its errors, of its lists, of times and texts."""
