"""What the processes tell each other of their counts, through Valkey, once a second.

Asking Valkey at every request would cost 0.4 ms; the limits aren't worth that. Between two
exchanges a caller may get up to one second's worth in each process beyond the limit. Without
Valkey each process counts for itself, and every request is answered as before.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from typing import TYPE_CHECKING, Final

from fhirserver.web.protection.windows import WINDOW_SECONDS, Key, Windows

if TYPE_CHECKING:
    import redis

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 1.0
_MOST_AT_ONCE: Final = 1000
_KEPT_SECONDS: Final = int(2 * WINDOW_SECONDS)


class Exchange:
    """Keeps the windows of this process in step with those of the others."""

    def __init__(self, windows: Windows, broker_url: str) -> None:
        self._windows = windows
        # Celery and the client spell the URL of a socket differently.
        self._url = broker_url.replace("redis+socket://", "unix://")
        self._client: redis.Redis | None = None
        self._failing = False
        self._stopped = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin in a thread of its own; does nothing when it runs."""
        if self._thread is not None:
            return
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="limits", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()

    def exchange(self) -> None:
        """Tell what was counted here, hear what was counted everywhere; never raises."""
        untold = self._windows.untold()
        keys = list(untold)
        if not keys:
            return
        import redis  # noqa: PLC0415 - a tenth of a start, and needed when somebody has asked

        for start in range(0, len(keys), _MOST_AT_ONCE):
            part = {k: untold[k] for k in keys[start : start + _MOST_AT_ONCE]}
            try:
                self._windows.told(self._totals(part))
            except (redis.RedisError, OSError, ValueError) as error:
                self._windows.take_back(part)
                if not self._failing:
                    log.warning(
                        "limits_counted_by_each_process", extra={"error": type(error).__name__}
                    )
                self._failing = True
            else:
                if self._failing:
                    log.info("limits_shared_again")
                self._failing = False

    def _totals(self, part: dict[Key, tuple[int, float]]) -> dict[Key, tuple[int, float]]:
        if self._client is None:
            import redis  # noqa: PLC0415 - as above

            self._client = redis.Redis.from_url(
                self._url, socket_timeout=2, socket_connect_timeout=2
            )
        with self._client.pipeline(transaction=False) as pipeline:
            for key, (number, amount) in part.items():
                name = _name(key, number)
                pipeline.incrby(name, round(amount * 1000))
                pipeline.expire(name, _KEPT_SECONDS)
            answers = pipeline.execute()[::2]
        return {
            key: (number, answer / 1000)
            for (key, (number, _)), answer in zip(part.items(), answers, strict=True)
        }

    def _run(self) -> None:
        while not self._stopped.wait(EVERY_SECONDS):
            self.exchange()


def _name(key: Key, number: int) -> str:
    """A name that tells nobody who it is."""
    digest = hashlib.blake2b("\0".join(key).encode(), digest_size=12).hexdigest()
    return f"fhirserver:limit:{number}:{digest}"
