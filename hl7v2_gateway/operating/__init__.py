"""What becomes of messages that were kept: they are converted, can be looked at, and replayed."""
