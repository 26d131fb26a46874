"""Runs a deployment's champion on the user's own machine: the same engine code, a cache for offline days, a spool for what was answered."""
