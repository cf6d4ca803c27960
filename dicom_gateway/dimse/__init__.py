"""Associations and their services (PS3.7, PS3.8)."""
