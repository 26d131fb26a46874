"""What every room needs and that knows nothing of images: errors, ids, the clock, the catalog of plug-ins."""
