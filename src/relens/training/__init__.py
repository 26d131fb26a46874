"""Training: trainers as separate programs, their runs as durable jobs, and the evaluation of what comes out."""
