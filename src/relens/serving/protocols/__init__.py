"""Other people's ways to ask a deployment, one file each; every answer goes the one way through the engine and the log."""
