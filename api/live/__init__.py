"""The live stream: one LISTEN, one query and one encoding per change, and whole states to whoever watches (ADR 8)."""
