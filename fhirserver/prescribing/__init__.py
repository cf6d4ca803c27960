"""Prescriptions: their life cycle, what speaks against them, what was dispensed and given.

Pure: resources and knowledge of medicines in, issues and findings out.
"""
