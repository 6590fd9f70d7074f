"""Bringing data in: families and their plans from an agency's system, services from an HSDS file."""
