"""What must be shown about loss and disorder, in full: `make torture` (docs/torture.md). Not part of `make test`."""
