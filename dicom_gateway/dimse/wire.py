"""The connection under an association: bytes in and out, with the timers of both.

Common senders write the head of a PDU and its body in two, with Nagle's algorithm on: the second
write waits for the acknowledgement of the first, and Linux delays that by 40 ms unless it is told
otherwise after every single read.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterable
from typing import Final

from dicom_gateway.dimse.problems import Ended, TooSlow

RECEIVE_BUFFER: Final = 1 << 20
"""Of the kernel, and of ours: PDUs are read where they lie."""

_QUICKACK: Final = getattr(socket, "TCP_QUICKACK", None)
_TIME: Final = struct.Struct("@ll")


class Wire:
    """A connection, plain or TLS. Only the thread of its association reads and writes.

    `seconds` are how long the other side may take for one PDU once it has begun, and for taking
    what we send.
    """

    def __init__(self, connection: socket.socket, *, seconds: float) -> None:
        self._connection = connection
        self._is_tls = isinstance(connection, ssl.SSLSocket)
        self._seconds = seconds
        # Pages of a mapping exist when they are first written: who is idle holds none.
        self._view = memoryview(mmap.mmap(-1, RECEIVE_BUFFER))
        self._start = self._end = 0
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._poll.register(self._wake, select.POLLIN)
        self._waking = threading.Lock()
        self._is_open = True
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self._is_tls:
            connection.settimeout(seconds)
        else:
            # The kernel's own timers spare a poll before every read.
            connection.setblocking(True)
            timer = _TIME.pack(int(seconds), int(seconds % 1 * 1e6))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timer)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timer)

    def wait(self, seconds: float | None) -> bool:
        """Wait for the first bytes of a PDU; False when woken up instead. Raises TooSlow."""
        if self.has_come:
            return True
        events = self._poll.poll(None if seconds is None else int(seconds * 1000))
        if not events:
            raise TooSlow("nothing has come for long")
        if any(fd == self._wake for fd, _ in events):
            os.eventfd_read(self._wake)
            return len(events) > 1
        return True

    def wake(self) -> None:
        """Wake up who waits; from any thread."""
        with self._waking:
            if self._is_open:
                os.eventfd_write(self._wake, 1)

    @property
    def has_come(self) -> bool:
        """Whether bytes are there that can be had without waiting."""
        if self._end > self._start:
            return True
        return isinstance(self._connection, ssl.SSLSocket) and self._connection.pending() > 0

    def is_readable(self) -> bool:
        """Whether something has come, the end of the connection included."""
        return self.has_come or any(fd != self._wake for fd, _ in self._poll.poll(0))

    def need(self, count: int) -> None:
        """Read until so many bytes are there. Raises Ended and TooSlow."""
        if self._end - self._start >= count:
            return
        until = time.monotonic() + self._seconds
        while self._end - self._start < count:
            self._fill(count)
            if time.monotonic() > until and self._end - self._start < count:
                raise TooSlow("a PDU isn't whole in time")

    def take(self, count: int) -> memoryview:
        """The next bytes, which are there; valid until the next `need` or `wait`."""
        taken = self._view[self._start : self._start + count]
        self._start += count
        return taken

    def send(self, raw: bytes) -> None:
        """Send all of it. Raises Ended and TooSlow."""
        try:
            self._connection.sendall(raw)
        except (BlockingIOError, TimeoutError) as error:
            raise TooSlow("what was sent isn't taken") from error
        except OSError as error:
            raise Ended("the connection has gone") from error

    def send_all(self, units: Iterable[bytes]) -> None:
        """Send one after the other."""
        for unit in units:
            self.send(unit)

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()
        with self._waking:
            # Its number may be another file's from now on.
            if self._is_open:
                self._is_open = False
                os.close(self._wake)

    def linger(self, seconds: float) -> None:
        """Let the other side close first, for so long (ARTIM, PS3.8 9.1.4)."""
        until = time.monotonic() + seconds
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)
            self._connection.settimeout(seconds)
            while time.monotonic() < until and self._connection.recv(65_536):
                pass

    def _fill(self, count: int) -> None:
        if self._start == self._end:
            self._start = self._end = 0
        elif self._start + count > len(self._view):
            held = self._end - self._start
            self._view[:held] = self._view[self._start : self._end]
            self._start, self._end = 0, held
        try:
            got = self._connection.recv_into(self._view[self._end :])
        except (BlockingIOError, TimeoutError) as error:
            raise TooSlow("a PDU isn't whole in time") from error
        except OSError as error:
            raise Ended("the connection has gone") from error
        if not got:
            raise Ended("the connection has gone")
        if _QUICKACK is not None:
            # That it has gone since is told by the next read.
            with contextlib.suppress(OSError):
                self._connection.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        self._end += got
