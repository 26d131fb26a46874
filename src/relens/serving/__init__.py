"""Makes the running versions match what deployments want."""
