"""The ASGI app: mounts the rooms' routes, maps errors to HTTP."""
