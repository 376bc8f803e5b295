"""The API of people, keys, the log and the organization itself."""
