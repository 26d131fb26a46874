"""Programs that log from outside: what they numbered, what of it is missing, and what they run."""
