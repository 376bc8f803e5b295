"""Claim, sign, POST, record: the outbox against its floor."""
