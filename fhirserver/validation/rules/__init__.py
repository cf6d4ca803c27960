"""What is looked at beyond a profile, one subject a file: see `rule.py`."""
