"""The key providers, one a file; found by `registry.discover`."""
