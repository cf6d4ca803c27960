"""The official mapping tables, compiled into our own form (`python -m ...mapping.compiling`)."""
