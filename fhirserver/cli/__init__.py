"""The command `fhirserver`: each file in `commands/` is a command of the same name.

A command is imported only when it is called for, so that `fhirserver token` doesn't wait for what
`fhirserver up` needs.
"""

from __future__ import annotations

import importlib
import pkgutil

import click

from fhirserver.cli import commands
from fhirserver.embedded.failures import CannotStart, reason
from fhirserver.errors import FhirError
from fhirserver.settings import InvalidSetting


class Commands(click.Group):
    """A group whose commands are the modules of `commands`, each with one named `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(m.name.replace("_", "-") for m in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{commands.__name__}.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
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


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="fhirserver")
def main() -> None:
    """A FHIR R4 server for hospitals.

    `fhirserver up` runs everything that is needed on one machine. Every option is also an
    environment variable: --data-dir is FHIRSERVER_DATA_DIR.
    """
