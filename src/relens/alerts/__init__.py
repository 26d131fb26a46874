"""Conditions on metrics: when one begins or ends to hold, people are told once."""
