"""The tasks: one file each, named like the task."""
