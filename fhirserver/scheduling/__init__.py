"""When people, rooms and devices work, and what becomes of it: slots and appointments. Pure."""
