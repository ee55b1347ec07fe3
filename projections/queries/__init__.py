"""What people ask of the judge's tables: SQL in, frozen rows out. All of it within the caller's one transaction."""
