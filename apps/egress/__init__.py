"""The one way out: whom we may call, with what patience, and how much of an answer is read."""
