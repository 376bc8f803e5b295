"""The tenant's journal: what happened, recorded with the data it tells of, handed on to whoever cares."""

from .journal import Envelope, Event, on, on_batch, on_everything, record, record_all

__all__ = ["Envelope", "Event", "on", "on_batch", "on_everything", "record", "record_all"]
