"""The outside world behind small ports: settings, database, storage, jobs, web."""
