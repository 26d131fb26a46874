"""Numbers about predicted assets, the same in production and in evaluation; pure."""
