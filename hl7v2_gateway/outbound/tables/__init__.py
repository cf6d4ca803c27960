"""The tables that decide what is sent: JSON that an analyst can review."""
