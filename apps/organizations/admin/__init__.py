"""The pages of the agency's console, one file per subject. Staff only, on the public host only."""

from . import log, operations, organizations, people, schedules

__all__ = ["log", "operations", "organizations", "people", "schedules"]
