"""Clinical automations, one per file: what the hospital does by itself because of what was written.

`registering.py` says how a file becomes a workflow; README.md how it is run.
"""
