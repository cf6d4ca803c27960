"""Frames out of instances, other transfer syntaxes, and pictures to look at.

Pixels are decoded in processes of their own (`workers.py`), never where requests are answered.
"""
