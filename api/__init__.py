"""The doors for people and systems: HTTP and server-sent events over commands and the projections' queries."""
