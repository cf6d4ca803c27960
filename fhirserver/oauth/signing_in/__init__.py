"""Signing in: passwords, authenticator apps, passkeys, recovery codes, other servers' accounts."""
