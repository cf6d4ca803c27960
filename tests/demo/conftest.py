"""The default demo hospital, made once for all tests here."""

from __future__ import annotations

from typing import Any

import pytest

from fhirserver.demo import hospital

Resource = dict[str, Any]


class Demo:
    """The Bundles, and ways to look into them."""

    def __init__(self, bundles: list[Resource]) -> None:
        self.hospital, *self.patients = bundles
        self.bundles = bundles

    def of(self, bundle: Resource, type_: str) -> list[Resource]:
        return [r for r in resources(bundle) if r["resourceType"] == type_]

    def everywhere(self, type_: str) -> list[Resource]:
        return [r for bundle in self.bundles for r in self.of(bundle, type_)]


def resources(bundle: Resource) -> list[Resource]:
    return [entry["resource"] for entry in bundle["entry"]]


@pytest.fixture(scope="session")
def demo() -> Demo:
    return Demo(list(hospital()))
