"""Wires every room; decides nothing."""
