"""Formats of the past, one file each."""
