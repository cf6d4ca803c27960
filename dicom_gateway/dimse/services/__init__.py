"""The services of associations: a file each."""
