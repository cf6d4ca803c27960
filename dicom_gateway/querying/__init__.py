"""Questions to what is kept here: C-FIND, worklists and QIDO-RS ask through this package."""
