"""The demonstration: a server is started and driven once round the loop through its public HTTP API only."""
