"""Production of the past, in the files others keep it in, one format to a file."""
