"""Bulk data: exports and imports, done in parts by workers. See README.md."""
