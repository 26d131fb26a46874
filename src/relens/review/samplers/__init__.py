"""Ways to decide which predictions deserve a person's time; one file each."""
