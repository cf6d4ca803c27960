"""What Subscriptions ask for, and the notifications they get, as pure functions. See README.md."""
