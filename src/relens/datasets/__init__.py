"""Datasets: immutable versions of images and what is true of them, imported, published, split and exported."""
