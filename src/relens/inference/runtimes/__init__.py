"""Runtimes: one file each, named like the runtime."""
