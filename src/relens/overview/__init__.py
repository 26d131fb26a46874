"""What the home and deployment pages ask for in one call."""
