"""HL7 v2 messages while listener, worker and database are killed again and again.

    python -m conformance.faults.hl7v2 --messages 10000

Senders do as real ones: one message after the other, again with the same bytes when no answer came.
In the end every message that was acknowledged must have changed its patient once, in its order.
"""

from __future__ import annotations

import contextlib
import json
import random
import socket
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click
import psutil

from conformance.faults.server import Server, wait_until
from fhirserver.embedded.roles import listens
from hl7v2_gateway.er7 import parse
from hl7v2_gateway.framing import Decoder, Frame, framed

VICTIMS: Final = ("mllp", "worker", "database")
SENDERS: Final = 6
PATIENTS: Final = 5
"""Of each sender."""
PAUSE_SECONDS: Final = (0.5, 3.0)
APART_SECONDS: Final = 16.0
"""So long a victim has been there: `fhirserver up` gives up on one that ends five times at once."""
KILLS_AFTER: Final = 2
"""So often each victim is killed when everything has been sent; then the rest is done in peace."""
SHORTEST_SECONDS: Final = 60.0
START_SECONDS: Final = 120.0
DRAIN_SECONDS: Final = 3_600.0
SYSTEM: Final = "urn:id:FAULTS"


@dataclass
class Outcome:
    """What was sent and acknowledged, and what is wrong with what became of it."""

    acknowledged: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    kills: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    resent: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


def ran(server: Server, messages: int, seed: int = 1) -> Outcome:
    """Send so many messages while everything is killed, and look at what became of them."""
    outcome, is_sent, is_over = Outcome(), threading.Event(), threading.Event()
    # `fhirserver up` gives up when a role is killed before it was there for the first time.
    wait_until(listens("127.0.0.1", server.mllp_port), START_SECONDS, "the listener is there")
    began = time.monotonic()
    each = -(-messages // SENDERS)
    # Daemons: when this raises, a sender that goes on trying must not keep the process.
    senders = [
        threading.Thread(target=_send, args=(server, f"S{n}", each, outcome), daemon=True)
        for n in range(SENDERS)
    ]
    killing = threading.Thread(
        target=_kill, args=(server, random.Random(seed), outcome, is_sent, is_over), daemon=True
    )
    try:
        for thread in (*senders, killing):
            thread.start()
        for thread in senders:
            thread.join()
        is_sent.set()
        wait_until(lambda: _is_drained(server), DRAIN_SECONDS, "all messages are dealt with")
    finally:
        is_over.set()
        killing.join()
    outcome.seconds = time.monotonic() - began
    _check(server, outcome)
    return outcome


def _message(sender: str, patient: int, number: int) -> bytes:
    return (
        f"MSH|^~\\&|{sender}|FAULTS|FHIR|HOSP|20260301101500||ADT^A08|{sender}-{patient}-{number}|P|2.5.1\r"
        f"EVN|A08|20260301101500\r"
        f"PID|1||{sender}P{patient}^^^FAULTS^MR||Doe^N{number}||19700101|F\r"
    ).encode()


def _send(server: Server, sender: str, count: int, outcome: Outcome) -> None:
    """One message after the other; each until it is acknowledged."""
    numbers: dict[int, int] = defaultdict(int)
    pause = SHORTEST_SECONDS / count if count < 1000 else 0.0
    connection: socket.socket | None = None
    for n in range(count):
        patient = n % PATIENTS
        numbers[patient] += 1
        message = _message(sender, patient, numbers[patient])
        while True:
            try:
                if connection is None:
                    connection = socket.create_connection(("127.0.0.1", server.mllp_port), 30)
                code = _asked(connection, message)
            except (OSError, EOFError):
                if server.up is None or server.up.poll() is not None:
                    outcome.wrong.append("`fhirserver up` has ended")
                    return
                outcome.resent += 1
                if connection is not None:
                    connection.close()
                connection = None
                time.sleep(0.05)
                continue
            if code != "AA":
                outcome.wrong.append(f"{sender}-{patient}-{numbers[patient]} got {code}")
            break
        outcome.acknowledged[f"{sender}P{patient}"] += 1
        time.sleep(pause)
    if connection is not None:
        connection.close()


def _asked(connection: socket.socket, message: bytes) -> str | None:
    connection.sendall(framed(message))
    decoder = Decoder(1_000_000)
    while data := connection.recv(65_536):
        for event in decoder.feed(data):
            if isinstance(event, Frame):
                return parse(event.content).value("MSA-1")
    raise EOFError


def _kill(
    server: Server,
    chance: random.Random,
    outcome: Outcome,
    is_sent: threading.Event,
    is_over: threading.Event,
) -> None:
    """Kill -9 of one victim after the other, in any order."""
    since: dict[tuple[str, int], float] = {}
    left = dict.fromkeys(VICTIMS, KILLS_AFTER)
    while not is_over.wait(chance.uniform(*PAUSE_SECONDS)):
        names = [name for name in VICTIMS if left[name]]
        if not names:
            return
        if not listens("127.0.0.1", server.mllp_port)():
            continue
        chance.shuffle(names)
        for name in names:
            # One that was killed just now may not be there again.
            with contextlib.suppress(psutil.Error, OSError, LookupError, ValueError):
                main, victim = _victims(server, name, chance)
                seen = since.setdefault((name, main.pid), time.monotonic())
                if time.monotonic() - seen > APART_SECONDS:
                    since[name, main.pid] = time.monotonic()
                    victim.kill()
                    outcome.kills[name] += 1
                    left[name] -= is_sent.is_set()
                    break


def _victims(
    server: Server, name: str, chance: random.Random
) -> tuple[psutil.Process, psutil.Process]:
    """The process that `fhirserver up` started, and the one that is killed."""
    if name == "database":
        main = server.postmaster()
        return main, chance.choice([main, *server.backends()[:3]])
    wanted = ["-m", "fhirserver", name]
    [main] = [p for p in server.processes() if p.cmdline()[1:4] == wanted]
    return main, main


def _is_drained(server: Server) -> bool:
    if server.up is None or server.up.poll() is not None:
        raise RuntimeError("`fhirserver up` has ended")
    try:
        with server.database() as database:
            sql = "SELECT 1 FROM hl7v2.message WHERE state IN ('waiting', 'written') LIMIT 1"
            return not database.read(sql)
    except Exception:
        return False


def _check(server: Server, outcome: Outcome) -> None:
    """Each acknowledged message is a row, and one version of its patient, in its order."""
    wait_until(server.is_ready, 120, "the server is ready")
    with server.database() as database:
        rows = database.read(
            "SELECT control, count(*), min(state) FROM hl7v2.message GROUP BY control"
        )
    kept = {row[0]: row[1:] for row in rows}
    with server.client() as client:
        for patient, count in sorted(outcome.acknowledged.items()):
            sender, _, number = patient.partition("P")
            for n in range(1, count + 1):
                if (found := kept.get(f"{sender}-{number}-{n}")) != (1, "done"):
                    outcome.wrong.append(f"{patient} {n}: row {found}")
            given = _history(client, patient)
            if given != [f"N{n}" for n in range(1, count + 1)]:
                outcome.wrong.append(f"{patient}: {count} acknowledged, but {given}")


def _history(client: object, patient: str) -> list[str]:
    """The given names that a patient had, in the order in which they came."""
    send = client.send  # type: ignore[attr-defined]
    page = json.loads(send("GET", f"Patient?identifier={SYSTEM}|{patient}").body)
    ids = [entry["resource"]["id"] for entry in page.get("entry", ())]
    if len(ids) != 1:
        return [f"{len(ids)} patients"]
    history = json.loads(send("GET", f"Patient/{ids[0]}/_history?_count=1000").body)
    names = [entry["resource"]["name"][0]["given"][0] for entry in history["entry"]]
    return names[::-1]


@click.command()
@click.option("--messages", default=10_000, show_default=True, help="How many are sent.")
@click.option("--seed", default=1, show_default=True, help="What is killed, and when.")
def main(messages: int, seed: int) -> None:
    """Send messages while everything is killed; the status is 1 when anything is wrong."""
    with tempfile.TemporaryDirectory(prefix="fhirfaults-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        server = a_server(Path(folder))
        server.start()
        try:
            outcome = ran(server, messages, seed)
        finally:
            server.stop()
    total = sum(outcome.acknowledged.values())
    click.echo(
        f"{total} acknowledged in {outcome.seconds:.0f} s, {outcome.resent} sent again, "
        f"killed {dict(outcome.kills)}; wrong: {len(outcome.wrong)}"
    )
    for line in outcome.wrong[:20]:
        click.echo(line)
    raise SystemExit(bool(outcome.wrong))


def a_server(folder: Path) -> Server:
    """A server that takes messages from everybody."""
    environment = {"FHIRSERVER_HL7V2_UNKNOWN_SENDERS": "accept"}
    return Server(folder / "data", environment=environment)


if __name__ == "__main__":
    main()
