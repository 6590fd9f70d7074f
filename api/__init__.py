"""The plan-tracking API and its worker: everything that keeps case data."""
