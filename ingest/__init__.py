"""From the broker to the log: topics, codecs, dedupe, batches, dead letters. Acknowledged after the commit."""
