"""What a setting is: a field with its documentation."""

from __future__ import annotations

import typing
from dataclasses import field


class InvalidSetting(Exception):
    """A setting has a value that can't be used; the message names it."""


def setting(default: object, help_text: str, *, secret: bool = False) -> typing.Any:
    """A field with its documentation, which `docs/` prints; a secret never shows in a repr."""
    return field(default=default, metadata={"help": help_text}, repr=not secret)
