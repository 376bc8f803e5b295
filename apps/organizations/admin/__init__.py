"""The agency console: organizations, people, and what runs underneath. Staff only, on the public host only."""

from . import operations, organizations, people

__all__ = ["operations", "organizations", "people"]
