"""Keys: where they come from, and what is sealed with them."""
