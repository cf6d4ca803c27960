"""Clients in a closed loop: each sends its next request when it has the answer to its last one.

One process and `select.poll` for all clients. Measured against the same clients as threads and as
processes of their own, this is the cheapest (README, "What the driver costs").
"""

from __future__ import annotations

import multiprocessing
import select
from collections.abc import Callable, Generator, Sequence
from multiprocessing.connection import Connection as Pipe
from time import perf_counter

from conformance.performance.client import Closed, Connection, Request, Response, Target
from conformance.performance.record import Record

Script = Generator[Request, Response, None]
MakeScript = Callable[[int], Script]

_READ, _WRITE = select.POLLIN, select.POLLOUT
_LOST = select.POLLHUP | select.POLLERR | select.POLLNVAL


class _Client:
    """A connection, the script that it plays, and the request that is out."""

    __slots__ = ("connection", "request", "script", "started")

    def __init__(self, target: Target, script: Script) -> None:
        self.connection = Connection(target)
        self.script = script
        self.request: Request | None = None
        self.started = 0.0


def drive(
    target: Target,
    scripts: Sequence[Script],
    record: Record,
    *,
    seconds: float | None = None,
    timeout_seconds: float = 120.0,
) -> float:
    """Play every script until it ends or the time is up; answers still out are waited for.

    Returns the seconds from the first request to the last answer.
    """
    return _Loop(target, record, seconds, timeout_seconds).run(scripts)


def drive_processes(
    target: Target,
    make: MakeScript,
    clients: int,
    record: Record,
    *,
    seconds: float,
    processes: int = 1,
    timeout_seconds: float = 120.0,
) -> float:
    """The same with the clients spread over processes, for machines with cores to spare."""

    def run(numbers: Sequence[int], into: Record) -> float:
        scripts = [make(number) for number in numbers]
        return drive(target, scripts, into, seconds=seconds, timeout_seconds=timeout_seconds)

    if processes <= 1:
        return run(range(clients), record)

    def child(pipe: Pipe, numbers: Sequence[int]) -> None:
        into = Record()
        elapsed = run(numbers, into)
        pipe.send((into, elapsed))
        pipe.close()

    fork = multiprocessing.get_context("fork")
    running = []
    for number in range(processes):
        ours, theirs = fork.Pipe(duplex=False)
        process = fork.Process(target=child, args=(theirs, range(number, clients, processes)))
        process.start()
        theirs.close()
        running.append((process, ours))
    longest = 0.0
    for process, pipe in running:
        part, elapsed = pipe.recv()
        record.merge(part)
        longest = max(longest, elapsed)
        process.join()
    return longest


class _Loop:
    def __init__(
        self, target: Target, record: Record, seconds: float | None, timeout: float
    ) -> None:
        self.target = target
        self.record = record
        self.seconds = seconds
        self.timeout = timeout
        self.poll = select.poll()
        self.clients: dict[int, _Client] = {}

    def run(self, scripts: Sequence[Script]) -> float:
        waiting = [_Client(self.target, script) for script in scripts]
        began = last = perf_counter()
        deadline = began + (float("inf") if self.seconds is None else self.seconds)
        try:
            for client in waiting:
                self._start(client)
            while self.clients:
                events = self.poll.poll(1000)
                for number, event in events:
                    client = self.clients[number]
                    if event & _WRITE and not event & (_READ | _LOST):
                        self._flush(number, client)
                        continue
                    try:
                        response = client.connection.receive()
                    except Closed as reason:
                        response = self._lost(number, client, reason)
                        number = client.connection.fileno()
                    if response is None:
                        continue
                    last = perf_counter()
                    self._answered(number, client, response, last, goes_on=last < deadline)
                if not events:
                    self._give_up()
        finally:
            for client in waiting:
                client.connection.close()
                client.script.close()
        return last - began

    def _start(self, client: _Client) -> None:
        request = next(client.script, None)
        if request is not None:
            number = client.connection.fileno()
            self._watch(number, client)
            self._send(number, client, request)

    def _send(self, number: int, client: _Client, request: Request) -> None:
        client.request = request
        client.started = perf_counter()
        try:
            whole = client.connection.send(request.data)
        except Closed:
            return  # The next poll reports it, and the request counts as lost.
        if not whole:
            self.poll.modify(number, _READ | _WRITE)

    def _flush(self, number: int, client: _Client) -> None:
        try:
            if client.connection.flush():
                self.poll.modify(number, _READ)
        except Closed:
            self.poll.modify(number, _READ)

    def _answered(
        self, number: int, client: _Client, response: Response, now: float, *, goes_on: bool
    ) -> None:
        request = client.request
        assert request is not None
        problem = request.check(response) if response.status else "no answer"
        self.record.add(request.family, now - client.started, problem, response.body)
        following = None
        if goes_on:
            try:
                following = client.script.send(response)
            except StopIteration:
                following = None
        fresh = (
            client.connection.fileno()
        )  # Another one, if the connection was closed after the answer.
        if following is None or fresh != number:
            self._forget(number)
        if following is not None:
            if fresh != number:
                self._watch(fresh, client)
            self._send(fresh, client, following)

    def _lost(self, number: int, client: _Client, reason: object) -> Response:
        self._forget(number)
        client.connection.reconnect()
        self._watch(client.connection.fileno(), client)
        return Response(0, b"", str(reason).encode())

    def _watch(self, number: int, client: _Client) -> None:
        self.clients[number] = client
        self.poll.register(number, _READ)

    def _forget(self, number: int) -> None:
        del self.clients[number]
        self.poll.unregister(number)

    def _give_up(self) -> None:
        """Count requests that are out for too long as lost."""
        now = perf_counter()
        for number, client in list(self.clients.items()):
            if now - client.started > self.timeout:
                response = self._lost(number, client, "timeout")
                self._answered(client.connection.fileno(), client, response, now, goes_on=True)


def fetch(target: Target, method: str, path: str, body: bytes = b"") -> Response:
    """One request outside any measurement."""
    answers: list[Response] = []

    def once() -> Script:
        answers.append((yield Request("", target.request(method, path, body), lambda _: None)))

    drive(target, [once()], Record())
    return answers[0]
