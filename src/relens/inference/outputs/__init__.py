"""Output readers: one file for each family of models, named like the reader."""
