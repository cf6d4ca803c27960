"""Why something can't start, in one line that says what to do about it."""

from __future__ import annotations

import errno


class CannotStart(Exception):
    """A server or a role can't start; the message is one line for the person at the terminal."""


REASON = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission is denied",
    errno.EPERM: "permission is denied",
    errno.ENOTDIR: "a part of the path is a file, not a directory",
    errno.EEXIST: "it is a file, not a directory",
}


def reason(error: OSError) -> str:
    """What an operating system error means, in plain English.

    >>> reason(OSError(errno.ENOSPC, "No space left on device"))
    'the disk is full'
    """
    return REASON.get(error.errno or 0, error.strerror or str(error))
