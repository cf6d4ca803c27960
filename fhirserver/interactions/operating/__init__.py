"""What the files of operations/ share: acting as the caller, and what several of them do."""
