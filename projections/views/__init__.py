"""Projections of the judge's unit, one file each; scanned."""
