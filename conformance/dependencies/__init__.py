"""What the server depends on: known holes in it, and a list of it."""
