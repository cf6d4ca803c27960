"""Why a message couldn't be sent; without its address or text, as reasons are logged."""


class NotSent(Exception):
    """The message wasn't sent."""


class NotNow(NotSent):
    """It may be tried again later: nobody answers, or somebody is busy."""


class Never(NotSent):
    """Another attempt won't help: there is no such mailbox or number, or nothing is set up."""
