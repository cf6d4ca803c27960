"""Damaged HL7 v2 messages by coverage: what no list of bad messages has thought of.

    python -m conformance.faults.fuzzing ../shared/data/hl7v2/messages --seconds 600

Atheris (libFuzzer) changes messages so that they reach code which none has reached before. Each is
read, answered, grouped and converted as the gateway does it, and must be read or refused: any other
error, a second of processor time, or an answer that can't be read itself is a finding. It is
written to the folder `--findings` with its bytes, and the run ends with status 1. Atheris comes for
some Pythons only: where it isn't installed, the run says so.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import click

MOST_SECONDS: Final = 1.0
MOST_BYTES: Final = 4_000
SEED: Final = (
    b"MSH|^~\\&|ADT|W|EHR|G|20260101||ADT^A01^ADT_A01|7|P|2.5.1\rPID|1||7^^^A||M^J||19700101|F\r"
)


class Finding(Exception):
    """A message was neither read nor refused as it should be."""


def check(raw: bytes) -> None:
    """Do with a message what the gateway does. Raises Finding, or whatever goes wrong."""
    from hl7v2_gateway import er7
    from hl7v2_gateway.acknowledging import Outcome, acknowledge, refuse
    from hl7v2_gateway.grammar import grouped
    from hl7v2_gateway.operating.conversions import NotConverted
    from hl7v2_gateway.operating.mapped import made_of
    from hl7v2_gateway.partners import Sender

    began = time.thread_time()
    try:
        message = er7.parse(raw)
    except er7.Malformed as error:
        answer = refuse(raw, error)
    else:
        answer = acknowledge(message, Outcome.of(*message.problems, *message.header.problems()))
        grouped(message)
        with contextlib.suppress(NotConverted):
            made_of(message, Sender("fuzz", "Fuzz", "ADT"), 1)
    if len(er7.parse(answer).all("MSA")) != 1:
        raise Finding("the answer has not one MSA")
    took = time.thread_time() - began
    if took > MOST_SECONDS:
        raise Finding(f"it took {took:.1f} s of processor time")


def messages(folders: Iterable[Path]) -> Iterable[bytes]:
    """The messages in the files of some folders, as they are: a file may hold several."""
    for path in itertools.chain.from_iterable(sorted(f.rglob("*")) for f in folders):
        if path.is_file() and path.stat().st_size < MOST_BYTES:
            found = path.read_bytes()
            if b"MSH" in found:
                yield found


def fuzz(seeds: Path, seconds: int, findings: Path) -> None:
    """Run until the time is over or something is found; doesn't return."""
    import atheris

    with atheris.instrument_imports(include=["hl7v2_gateway"]):
        check(SEED)
    # Definitions that conversions compile once are no cost of a message.
    for seed in sorted(seeds.iterdir()):
        _warm(seed.read_bytes())

    def one(raw: bytes) -> None:
        try:
            check(raw)
        except Exception:
            _tell(raw, findings)
            raise

    limits = [f"-max_total_time={seconds}", f"-max_len={MOST_BYTES}", "-timeout=30"]
    # What libFuzzer keeps itself goes where the seeds are: a folder that is thrown away.
    atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={seeds}/", str(seeds)], one)
    atheris.Fuzz()


def _warm(raw: bytes) -> None:
    with contextlib.suppress(Finding):
        check(raw)


def _tell(raw: bytes, findings: Path) -> None:
    findings.mkdir(parents=True, exist_ok=True)
    path = findings / hashlib.sha256(raw).hexdigest()[:16]
    path.write_bytes(raw)
    click.echo(f"finding: {path}\n{traceback.format_exc()}", err=True)


@click.command()
@click.argument("folders", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--seconds", default=60, show_default=True, help="How long.")
@click.option(
    "--findings",
    default=Path("var/findings"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where messages go that were found.",
)
def main(folders: tuple[Path, ...], seconds: int, findings: Path) -> None:
    """Change messages of these folders until something goes wrong or the time is over."""
    try:
        import atheris  # noqa: F401
    except ImportError:
        raise click.ClickException(
            "atheris isn't installed: it is part of the development requirements of Python 3.11 to 3.13"
        ) from None
    with tempfile.TemporaryDirectory() as folder:
        for number, raw in enumerate((SEED, *messages(folders))):
            (Path(folder) / f"{number:06}").write_bytes(raw)
        fuzz(Path(folder), seconds, findings.resolve())


if __name__ == "__main__":
    main()
