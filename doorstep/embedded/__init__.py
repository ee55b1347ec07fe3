"""The embedded default: a real PostgreSQL and a real MQTT broker out of wheels, as our children."""
