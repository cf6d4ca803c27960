"""Whether somebody can see what isn't theirs: long runs, and runs with a hole in the guard."""
