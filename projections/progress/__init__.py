"""The judge of visits: facts in observed order become steps that a customer can see."""
