"""How fast HL7 v2 messages are kept and acknowledged, and become FHIR.

    python -m conformance.performance.hl7v2

In one process first, by processor time, which a busy machine changes little: judged, acknowledged
and kept; then converted and written. Then with `fhirserver mllp` and `fhirserver worker` as
processes of their own, over MLLP. The status is 0 whatever the figures are.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

import click
import psutil

from conformance.faults.server import wait_until
from conformance.loopback import unused_port
from conformance.performance.cpu import Meter
from conformance.performance.hl7v2_messages import messages as made
from conformance.performance.hl7v2_senders import Sent, closed_loop, steady
from fhirserver import embedded, queues
from fhirserver.app import open_database, open_engine
from fhirserver.audit.recorder import Recorder
from fhirserver.embedded.roles import listens
from fhirserver.embedded.valkey import Valkey
from fhirserver.garbage import IN_GROUPS, settled
from fhirserver.messages import TOPIC
from fhirserver.settings import Settings
from fhirserver.settings import read as read_settings
from fhirserver.storage import migrate
from fhirserver.storage.database import Database
from hl7v2_gateway.intake import Directory, Intake, Received
from hl7v2_gateway.intake.opening import open_messages
from hl7v2_gateway.operating.answering import Answering
from hl7v2_gateway.operating.converting import Converter
from hl7v2_gateway.operating.mapped import supports
from hl7v2_gateway.operating.together import Together
from hl7v2_gateway.reactions.converting import LANES

AT_ONCE: Final = 50
"""Messages that are kept in one commit where no listener decides."""
STEADY: Final = 100.0
START_SECONDS: Final = 120.0


@dataclass
class Running:
    """The database of a run, and its PostgreSQL's process."""

    settings: Settings
    database: Database
    postmaster: int
    roles: list[psutil.Process] = field(default_factory=list)

    def take(self, messages: Iterator[bytes], count: int) -> None:
        """Keep messages as the listener does."""
        kept = open_messages(self.settings, self.database)
        intake = Intake(kept, Directory(kept.partners), is_open=True, supports=supports)
        while batch := [Received(m) for m in islice(messages, min(AT_ONCE, count))]:
            intake.take(batch)
            count -= len(batch)

    def waiting(self) -> int:
        [[count]] = self.database.read(
            "SELECT count(*) FROM queue.item WHERE topic = %s AND dead IS NULL", (TOPIC,)
        )
        return int(count)

    def dead(self) -> int:
        [[count]] = self.database.read("SELECT count(*) FROM hl7v2.message WHERE state = 'dead'")
        return int(count)


@contextmanager
def running() -> Iterator[Running]:
    with tempfile.TemporaryDirectory(prefix="fhirbench-", ignore_cleanup_errors=True) as folder:
        # PostgreSQL runs under another account when we are root, and has to get through.
        Path(folder).chmod(0o711)
        home = Path(folder) / "s"
        with embedded.services(read_settings(data_dir=home)) as served:
            assert served.database_url is not None
            migrate.upgrade(served.database_url)
            database = open_database(served)
            postmaster = int((home / "postgres" / "postmaster.pid").read_text().split()[0])
            valkey = Valkey(home)
            child = valkey.start()
            try:
                yield Running(served, database, postmaster)
            finally:
                database.close()
                valkey.stop(child)


def _in_one_process(run: Running, count: int) -> None:
    """What a message costs of processor time."""
    meter = Meter({"PostgreSQL": [run.postmaster]})
    messages = made("A")
    settings, database = run.settings, run.database
    engine = open_engine(settings, database, Recorder(settings, database))
    record = open_messages(settings, database)
    converter = Converter(engine, record, Directory(record.partners), Answering(engine, record))
    together = Together(engine, record, converter)

    def drain() -> None:
        while queues.due(database, [TOPIC]):
            queues.work(database, TOPIC, converter.act, seconds=60, lanes=LANES, together=together)

    # Plans and compiled tables are there after that, and garbage is looked for as in the worker.
    run.take(messages, count // 4)
    drain()
    settled(IN_GROUPS)
    for name, step in (
        ("judged, acknowledged, kept", lambda: run.take(messages, count)),
        ("converted and written", drain),
    ):
        before, began = meter.read(), time.perf_counter()
        step()
        took, spent = time.perf_counter() - began, meter.since(before)
        python, postgres = (spent[p] / count * 1_000 for p in ("driver", "PostgreSQL"))
        click.echo(
            f"{name}: {python:.2f} ms of Python and {postgres:.2f} of PostgreSQL a message, "
            f"{1_000 / (python + postgres):,.0f} for each second of processor time; "
            f"{count / took:,.0f}/s"
        )


@contextmanager
def _role(run: Running, *arguments: str) -> Iterator[None]:
    """`fhirserver ROLE` beside us."""
    log = run.settings.data_dir / f"{arguments[0]}.log"
    with log.open("ab") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "fhirserver", *arguments],
            env=os.environ | {"FHIRSERVER_DATA_DIR": str(run.settings.data_dir)},
            stdout=output,
            stderr=output,
        )
    process = psutil.Process(child.pid)
    run.roles.append(process)
    try:
        yield
    finally:
        run.roles.remove(process)
        child.terminate()
        child.wait(60)


@contextmanager
def _listener(run: Running) -> Iterator[int]:
    port = unused_port()
    arguments = ("mllp", "--mllp-port", str(port), "--hl7v2-unknown-senders", "accept")
    with _role(run, *arguments):
        wait_until(listens("127.0.0.1", port), START_SECONDS, "the listener is there")
        yield port


def _told(what: str, sent: Sent) -> None:
    click.echo(
        f"{what}: {sent.rate:,.0f}/s; acknowledged after {sent.percentile(0.5):.1f} ms (median), "
        f"{sent.percentile(0.99):.1f} (p99), {max(sent.latencies) * 1_000:.0f} (longest)"
    )


def _over_mllp(run: Running, backlog: int, seconds: float, workers: int) -> None:
    """A listener and workers as processes of their own."""
    with ExitStack() as stack:
        port = stack.enter_context(_listener(run))
        _told("kept and acknowledged, no worker", closed_loop(port, made("B"), seconds))
        for _ in range(workers):
            stack.enter_context(_role(run, "worker"))
        _drained(run, "the messages before it")
        _told(f"{STEADY:.0f}/s", steady(port, made("C"), STEADY, seconds))
        _drained(run, "the messages before it")
        run.take(made("D"), backlog)
        click.echo(f"{run.waiting():,} wait")
        _told("kept and acknowledged meanwhile", closed_loop(port, made("E"), seconds))
        _drained(run, "the backlog")
    if dead := run.dead():
        click.echo(f"{dead} messages are dead")


def _drained(run: Running, what: str) -> None:
    """Wait until nothing waits, and tell how fast that was."""
    began, count = time.monotonic(), run.waiting()
    while run.waiting():
        if any(p.status() == psutil.STATUS_ZOMBIE for p in run.roles):
            raise RuntimeError(f"a role has ended: see its log in {run.settings.data_dir}")
        time.sleep(0.2)
    took = time.monotonic() - began
    click.echo(f"{what}: {count:,} converted and written in {took:.0f} s, {count / took:,.0f}/s")


@click.command()
@click.option("--messages", default=1_000, show_default=True, help="How many in one process.")
@click.option("--backlog", default=50_000, show_default=True, help="How many wait for workers.")
@click.option("--seconds", default=20.0, show_default=True, help="How long senders send.")
@click.option("--workers", default=1, show_default=True, help="How many worker processes.")
def main(messages: int, backlog: int, seconds: float, workers: int) -> None:
    """Measure how fast HL7 v2 messages are kept, acknowledged, and made FHIR of."""
    with running() as run:
        _in_one_process(run, messages)
        _over_mllp(run, backlog, seconds, workers)


if __name__ == "__main__":
    main()
