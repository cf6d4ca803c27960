"""Signing in, and SMART App Launch: an authorization server, a file for each specification."""
