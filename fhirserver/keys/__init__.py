"""Keys: whose they are, what they wrap, and how bytes are sealed with them. No SQL, no settings."""
