"""Who has subscribed to changes is told of them: at least once, in order, and never more than they
may see. See README.md.
"""
