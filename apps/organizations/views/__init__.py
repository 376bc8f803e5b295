"""Pages of Settings, one file per section."""
