"""Bytes in, detections out; no database, no network."""
