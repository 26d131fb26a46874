"""The Python door: `relens.Client` speaks to a Relens server over its public HTTP API, and to nothing else."""
