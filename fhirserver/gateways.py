"""The packages that stand on the server and bring it parts of their own: gateways.

The server doesn't import them; it looks which are there and takes what they offer:

    commands        a package with a file for each command, as fhirserver/cli/commands
    reactions       a package with a file for each thing that the worker does (fhirserver.reactions)
    tasks           a package with a file for each thing done by the clock, as fhirserver/tasks
    web             a module with `blueprints(desk)`, the addresses that it adds (see app.py), and
                    with SMART_CAPABILITIES, what the authorization server says of them
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from types import ModuleType
from typing import Final

NAMES: Final = ("hl7v2_gateway", "dicom_gateway")


def parts(name: str) -> Iterator[ModuleType]:
    """The part of this name of each gateway that has one.

    >>> list(parts("no_such_part"))
    []
    """
    for package in NAMES:
        if importlib.util.find_spec(package) and importlib.util.find_spec(f"{package}.{name}"):
            yield importlib.import_module(f"{package}.{name}")
