"""From the broker to the log: decode, drop repeats, commit in batches, acknowledge after the commit."""
