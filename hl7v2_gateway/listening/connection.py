"""One MLLP connection: blocks in, acknowledgements out, in the order of the messages."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Final

from hl7v2_gateway.framing import Decoder, Event, Odd, framed
from hl7v2_gateway.intake import Answer, Received
from hl7v2_gateway.listening.group import Group
from hl7v2_gateway.listening.limits import DRAIN_SECONDS, SETTLE_SECONDS, UNDER_WAY, Limits

log = logging.getLogger(__name__)

_READ: Final = 65_536


class Connection:
    """`number` names it in the log. `senders` are those who wait here for more than one answer."""

    def __init__(
        self,
        number: int,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        *,
        address: str,
        certificate: str | None,
        group: Group,
        limits: Limits,
    ) -> None:
        self.number = number
        self.address = address
        self.senders: set[str] = set()
        self._reader, self._writer = streams
        self._certificate = certificate
        self._group = group
        self._limits = limits
        self._answers: asyncio.Queue[asyncio.Future[Answer] | None] = asyncio.Queue(UNDER_WAY)
        self._writing = asyncio.Lock()

    async def run(self) -> None:
        """Until the other side closes, or has to be cut off."""
        answering = asyncio.create_task(self._answer())
        reading = asyncio.create_task(self._read())
        try:
            await asyncio.wait({answering, reading}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done() and reading.exception() is None:
                # What was sent before it closed is kept, and answered if it still listens.
                await self._answers.put(None)
                await answering
        finally:
            for task in (reading, answering):
                task.cancel()
            done = await asyncio.gather(reading, answering, return_exceptions=True)
            for error in done:
                if isinstance(error, Exception):
                    self._log("hl7v2_connection_cut", error=type(error).__name__)
            self._writer.close()

    async def send(self, message: bytes) -> None:
        """Send a message of ours; raises OSError when it can't be."""
        async with self._writing:
            self._writer.write(framed(message))
            await asyncio.wait_for(self._writer.drain(), DRAIN_SECONDS)

    def close(self) -> None:
        """Read no more; what has come is still answered."""
        self._reader.feed_eof()

    async def _read(self) -> None:
        decoder = Decoder(self._limits.message_bytes)
        while True:
            try:
                async with asyncio.timeout(self._patience(decoder)):
                    data = await self._reader.read(_READ)
            except TimeoutError:
                if not decoder.is_ending:
                    self._log("hl7v2_connection_silent", inside=decoder.is_inside)
                    return
                await self._take(decoder.settle())
                continue
            if not data:
                await self._take(decoder.close())
                return
            await self._take(decoder.feed(data))

    def _patience(self, decoder: Decoder) -> float | None:
        if decoder.is_ending:
            return SETTLE_SECONDS
        return self._limits.message_seconds if decoder.is_inside else self._limits.idle_seconds

    async def _take(self, events: list[Event]) -> None:
        for event in events:
            is_cut = False
            if isinstance(event, Odd):
                self._log("hl7v2_odd_bytes", kind=event.kind, size=event.size)
                if event.kind != "too-long":
                    continue
                raw, is_cut = event.head, True
            else:
                raw = event.content
            if raw.strip():
                received = Received(
                    raw,
                    address=self.address,
                    certificate=self._certificate,
                    is_cut=is_cut,
                )
                await self._answers.put(self._group.submit(received))

    async def _answer(self) -> None:
        """Raises what kept a message from being kept: its sender has to send it again."""
        while (future := await self._answers.get()) is not None:
            answer = await future
            if answer.owes_more and answer.sender is not None:
                self.senders.add(answer.sender)
            if answer.ack is not None:
                await self.send(answer.ack)

    def _log(self, event: str, **more: object) -> None:
        with contextlib.suppress(ValueError):
            log.info(event, extra={"connection": self.number, "address": self.address, **more})
