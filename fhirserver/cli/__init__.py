"""The command `fhirserver`: each file in `commands/`, here or in a gateway, is a command.

A command is imported only when it is called for, so that `fhirserver token` doesn't wait for what
`fhirserver up` needs.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import click

from fhirserver import gateways
from fhirserver.cli import commands
from fhirserver.embedded.failures import CannotStart, reason
from fhirserver.errors import FhirError
from fhirserver.settings import InvalidSetting


class Commands(click.Group):
    """A group whose commands are modules of the same names, each with one named `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_modules())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = _modules().get(cmd_name)
        if name is None:
            return None
        command: click.Command = importlib.import_module(name).command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what can be put right by the caller is one line, without a traceback."""
        try:
            return super().invoke(ctx)
        except (CannotStart, FhirError, InvalidSetting) as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            if error.filename is None:
                raise
            raise click.ClickException(f"{error.filename}: {reason(error)}") from error


def _modules() -> dict[str, str]:
    """Where each command is."""
    return {
        module.name.replace("_", "-"): f"{package.__name__}.{module.name}"
        for package in _packages()
        for module in pkgutil.iter_modules(package.__path__)
    }


def _packages() -> Iterator[ModuleType]:
    yield commands
    yield from gateways.parts("commands")


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="fhirserver")
def main() -> None:
    """A FHIR R4 server for hospitals.

    `fhirserver up` runs everything that is needed on one machine. Every option is also an
    environment variable: --data-dir is FHIRSERVER_DATA_DIR.
    """
