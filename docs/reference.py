"""Writes the reference pages from the code: `python -m docs.reference`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import click

import fhirserver.web.errors  # noqa: F401 - defines an error of its own
from docs import dicom_conformance
from fhirserver import errors
from fhirserver.access.matrix import KEY, markdown
from fhirserver.access.shipped import shipped_policies
from fhirserver.cli import main
from fhirserver.settings import Settings

FOLDER = Path(__file__).parent / "reference"


def settings_page() -> str:
    """Every setting by subject: its variable, default and meaning."""
    parts = [
        "# Settings\n\nAll settings are environment variables; `--data-dir` and some others are "
        "options, too. The value may be in a file: `FHIRSERVER_MASTER_KEYS_FILE` names the one "
        "with `FHIRSERVER_MASTER_KEYS`, and so on.\n"
    ]
    for subject in reversed(Settings.__bases__):
        rows = [
            f"| `FHIRSERVER_{f.name.upper()}` | {_default(f.default)} | {f.metadata['help']} |"
            for f in dataclasses.fields(subject)
        ]
        title = (subject.__doc__ or "").rstrip(".")
        head = f"\n## {title}\n\n| Variable | Default | Meaning |\n| --- | --- | --- |\n"
        parts.append(head + "\n".join(rows) + "\n")
    return "".join(parts)


def commands_page() -> str:
    """Every command, as its help says."""
    parts = ["# Commands\n"]
    for words, command in _commands(main, ["fhirserver"]):
        # With main's -h: click keeps the option of the first context that it sees.
        context = click.Context(
            command, info_name=" ".join(words), terminal_width=88, **main.context_settings
        )
        parts.append(f"## {' '.join(words)}\n\n```text\n{command.get_help(context).strip()}\n```\n")
    return "\n".join(parts)


def errors_page() -> str:
    """Every error: its status, its issue code and what it means."""
    rows = [
        f"| {c.status} | `{c.code}` | {' '.join((c.__doc__ or '').split())} |"
        for c in sorted(_classes(errors.FhirError), key=lambda c: (c.status, c.code, c.__name__))
    ]
    head = (
        "# Errors\n\nEvery refusal is an OperationOutcome. Its issues say what is wrong and, as a "
        "FHIRPath expression, where.\n\n| Status | Issue code | Meaning |\n| --- | --- | --- |\n"
    )
    return head + "\n".join(rows) + "\n"


def role_matrix_page() -> str:
    """What each role may do with each group of resources, from the shipped policies."""
    head = (
        "# Role matrix\n\nWhat the policies that come with the server give each role "
        "(`profiles/policies/`; [access](../integrator/access.md) says how to change them). In an "
        "emergency, clinicians also read the whole record of a patient: see "
        f"[breaking the glass](../clinician/break-glass.md).\n\n{KEY}\n\n"
    )
    return head + markdown(shipped_policies())


PAGES = {
    "settings.md": settings_page,
    "commands.md": commands_page,
    "errors.md": errors_page,
    "role-matrix.md": role_matrix_page,
    "dicom-conformance.md": dicom_conformance.page,
}


def _default(value: object) -> str:
    return "" if value is None else f"`{value}`"


def _commands(group: click.Command, words: list[str]) -> Iterator[tuple[list[str], click.Command]]:
    yield words, group
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            yield from _commands(command, [*words, name])


def _classes(base: type[errors.FhirError]) -> Iterator[type[errors.FhirError]]:
    for cls in base.__subclasses__():
        if cls.__module__.startswith("fhirserver."):
            yield cls
            yield from _classes(cls)


if __name__ == "__main__":
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page())
