"""One router for each audience; each endpoint is a few lines between a request and a query or a command."""
