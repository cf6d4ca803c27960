"""Many writers at once, killed processes, and input meant to do harm, against the real server."""
