"""Services: found by words, public as HSDS."""
