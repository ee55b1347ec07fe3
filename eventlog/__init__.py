"""The log: facts and decisions in one total order, kept by the `eventsourcing` library in PostgreSQL."""
