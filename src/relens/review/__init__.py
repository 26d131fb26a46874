"""People look at predictions and say what is true: the queue, the verdicts and their history."""
