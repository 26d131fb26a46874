"""Where images come from on a machine of the user's own: a folder, a camera, a stream or video file."""
