"""Storylines, one file each; a new file is a new story (see ../README.md)."""
