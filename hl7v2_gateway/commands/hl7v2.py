"""`fhirserver hl7v2`: what an integrator wants to do with HL7 v2 messages at a terminal."""

from __future__ import annotations

import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from fhirserver.errors import Invalid
from hl7v2_gateway.batches import batch_of
from hl7v2_gateway.er7 import Malformed, parse
from hl7v2_gateway.framing import Decoder, Frame, framed

_MOST: Final = 50_000_000
_GOOD: Final = frozenset({"AA", "CA"})


@click.group()
def command() -> None:
    """Send HL7 v2 messages."""


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Who listens.")
@click.option("--port", default=2575, show_default=True, help="The port there.")
@click.option("--tls", is_flag=True, help="Over TLS.")
@click.option("--ca", type=click.Path(path_type=Path), help="Who signs the listener's certificate.")
@click.option("--cert", type=click.Path(path_type=Path), help="The certificate to show (PEM).")
@click.option("--key", type=click.Path(path_type=Path), help="Its key (PEM).")
@click.option("--seconds", default=30.0, show_default=True, help="How long to wait for an answer.")
def send(
    file: Path,
    host: str,
    port: int,
    tls: bool,
    ca: Path | None,
    cert: Path | None,
    key: Path | None,
    seconds: float,
) -> None:
    """Send the messages of a FILE by MLLP, one after the other, and print what is answered.

    The file may be a batch (FHS, BHS). The status is 1 when one isn't accepted.
    """
    messages = batch_of(file.read_bytes()).messages
    if not messages:
        raise Invalid(f"{file} holds no HL7 v2 message: each begins with MSH")
    context = _context(ca, cert, key) if tls or ca or cert else None
    refused = 0
    with _connected(host, port, seconds, context) as connection:
        for message in messages:
            answer = _asked(connection, message)
            click.echo(_shown(answer))
            refused += _code(answer) not in _GOOD
    if refused:
        click.echo(f"{refused} of {len(messages)} not accepted", err=True)
        sys.exit(1)


def _context(ca: Path | None, cert: Path | None, key: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if cert is not None:
        context.load_cert_chain(cert, key)
    return context


@contextmanager
def _connected(
    host: str, port: int, seconds: float, context: ssl.SSLContext | None
) -> Iterator[socket.socket]:
    try:
        with socket.create_connection((host, port), seconds) as plain:
            if context is None:
                yield plain
                return
            with context.wrap_socket(plain, server_hostname=host) as wrapped:
                yield wrapped
    except ssl.SSLError as error:
        raise click.ClickException(f"TLS with {host}:{port}: {error.reason or error}") from error
    except TimeoutError as error:
        raise click.ClickException(f"{host}:{port} didn't answer in {seconds:g} s") from error
    except OSError as error:
        raise click.ClickException(f"{host}:{port}: {error.strerror or error}") from error


def _asked(connection: socket.socket, message: bytes) -> bytes:
    connection.sendall(framed(message))
    decoder = Decoder(_MOST)
    while data := connection.recv(65_536):
        for event in decoder.feed(data):
            if isinstance(event, Frame):
                return event.content
    raise click.ClickException("the other side has closed the connection without an answer")


def _code(answer: bytes) -> str | None:
    try:
        return parse(answer).value("MSA-1")
    except Malformed:
        return None


def _shown(answer: bytes) -> str:
    try:
        lines = [segment.raw for segment in parse(answer).segments]
    except Malformed:
        lines = [answer.decode("ascii", "replace")]
    return "\n".join("".join(c if c.isprintable() else "?" for c in line) for line in lines) + "\n"
