"""Devices, days and loads that are not real. They share nothing with the rest but the wire format."""
