"""Durable "later": promises in a table, kept by whoever is there to keep them."""
