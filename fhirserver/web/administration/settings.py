"""`/admin/settings`: what this server was started with; never a secret."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any, Final

from flask import Blueprint, Response

from fhirserver.access.principal import Principal
from fhirserver.settings import Settings
from fhirserver.web.administration.admission import Answer, Body, Desk

_PASSWORD: Final = re.compile(r"(?<=//)[^/@\s]*(?=@)|(?<=password=)[^&\s]+", re.IGNORECASE)
"""Where addresses have names and passwords."""


def add_to(admin: Blueprint, desk: Desk) -> None:
    """Add this address."""

    @admin.get("/settings")
    def list_settings() -> Response:
        def act(_principal: Principal, _body: Body) -> Answer:
            return {"groups": list(groups(desk.engine.context.settings))}, 200

        return desk.serve("list-settings", act)


def groups(settings: Settings) -> Iterator[dict[str, Any]]:
    """Each subject with its settings: variable, value, whether that is the default, and meaning.

    Of a secret only whether there is one is told.
    """
    for subject in reversed(Settings.__bases__):
        yield {
            "title": (subject.__doc__ or "").rstrip("."),
            "settings": [_setting(settings, f) for f in dataclasses.fields(subject)],
        }


def _setting(settings: Settings, field: dataclasses.Field[Any]) -> dict[str, Any]:
    value = getattr(settings, field.name)
    is_secret = not field.repr
    return {
        "variable": f"FHIRSERVER_{field.name.upper()}",
        "value": None if is_secret or value is None else _shown(value),
        "isSet": value is not None,
        "isSecret": is_secret,
        "isDefault": value == field.default,
        "help": field.metadata["help"],
    }


def _shown(value: object) -> object:
    if isinstance(value, bool | int | float):
        return value
    return _PASSWORD.sub("…", str(value))
