"""Stable addresses that answer with some model version."""
