"""Settings as command line options, with the documentation that the settings have."""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from fhirserver import settings as settings_module
from fhirserver.settings import Settings

Command = Callable[..., None]

FLAG = {
    "web_processes": "--processes",
    "web_threads": "--threads",
    "tls_certificate": "--tls-cert",
}
TYPE: dict[object, click.ParamType[Any]] = {
    int: click.INT,
    int | None: click.INT,
    Path: click.Path(path_type=Path),
}
CHOICES = {"http_server": click.Choice(["granian", "gunicorn"])}


def with_settings(*names: str) -> Callable[[Command], Command]:
    """Give a command the argument `settings`, and options for these settings and `--data-dir`.

    An option that isn't given leaves the environment variable in force.
    """

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def run(**arguments: object) -> None:
            overrides = {name: arguments.pop(name) for name in ("data_dir", *names)}
            command(settings=settings_module.read(None, **overrides), **arguments)

        decorated: Command = run
        for name in reversed(("data_dir", *names)):
            decorated = _option(name)(decorated)
        return decorated

    return decorate


def _option(name: str) -> Callable[[Command], Command]:
    field = next(f for f in dataclasses.fields(Settings) if f.name == name)
    hint = typing.get_type_hints(Settings)[name]
    return click.option(
        FLAG.get(name, "--" + name.replace("_", "-")),
        name,
        type=CHOICES.get(name) or TYPE.get(hint, click.STRING),
        help=f"{field.metadata['help'].rstrip('.')} [{field.default}].",
    )
