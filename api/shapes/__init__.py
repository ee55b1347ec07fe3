"""The JSON of requests and answers, and how rows become it. Units stand in the names; times are RFC 3339."""
