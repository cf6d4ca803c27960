"""The process that decodes pixels: `python -m dicom_gateway.rendering.worker`.

It has limits on its memory, no files, nothing of the server's settings, and nothing to say but what
it is asked for. Whoever started it ends it when it takes too long; it ends itself with its input.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable
from typing import Any, BinaryIO, Final

from dicom_gateway.rendering import talking
from dicom_gateway.rendering.limits import MOST_WHOLE_BYTES, WORKER_BYTES, Undecodable

_PROGRAMMING: Final = "the pixels can't be decoded"


def main() -> None:
    """Serve until the input ends."""
    own = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # Libraries that print say it to nobody.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    _limit()
    from dicom_gateway.rendering import tasks  # noqa: PLC0415

    talking.send(own[1], {"ready": True}, (), 0)
    while _served(*own, tasks.TASKS):
        pass


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (WORKER_BYTES, WORKER_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.setrecursionlimit(500)


def _served(source: BinaryIO, sink: BinaryIO, tasks: dict[str, Callable[..., Any]]) -> bool:
    try:
        words, payload = talking.receive(source, 2 * MOST_WHOLE_BYTES)
    except talking.Ended:
        return False
    try:
        pieces = talking.cut(payload, words.pop("sizes"))
        about, made = tasks[words.pop("task")](*pieces, **words)
        answer: dict[str, Any] = {"about": about}
    except Undecodable as error:
        answer, made = {"refused": str(error)}, b""
    except MemoryError:
        answer, made = {"refused": f"{_PROGRAMMING}: they need too much memory"}, b""
    except Exception as error:  # noqa: BLE001 - libraries fail in any way at what is malformed
        # Only the kind: messages of libraries may quote values.
        answer, made = {"refused": f"{_PROGRAMMING} ({type(error).__name__})"}, b""
    talking.send(sink, answer, (made,), len(made))
    return True


if __name__ == "__main__":
    main()
