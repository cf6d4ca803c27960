"""docker-compose.yml as Docker reads it: what is started, with which settings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
_VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")


@dataclass(frozen=True)
class Service:
    """A service: its command line and its environment, with the defaults of what a user may set."""

    name: str
    described: dict[str, Any]

    @property
    def is_ours(self) -> bool:
        return "build" in self.described

    @property
    def command(self) -> list[str]:
        return list(self.described.get("command", ()))

    @property
    def environment(self) -> dict[str, str]:
        given = self.described.get("environment", {})
        return {k: _VARIABLE.sub(r"\2", str(v)) for k, v in given.items()}

    @property
    def secrets(self) -> list[str]:
        return [s if isinstance(s, str) else s["source"] for s in self.described.get("secrets", ())]

    @property
    def volumes(self) -> dict[str, str]:
        """What lies where: the name of a volume or a path, by its place in the container."""
        parts = [v.split(":") for v in self.described.get("volumes", ())]
        return {place: source for source, place, *_ in parts}


def document() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def services() -> dict[str, Service]:
    return {name: Service(name, described) for name, described in document()["services"].items()}
