"""Measurements beside peers, in one run, reported as ratios; never a timed test."""
