"""Transaction bundles to import: Synthea's files, generated ones, and copies with new ids.

They are written to a folder, decompressed, before any clock runs: during the import the driver
only reads and sends them.
"""

from __future__ import annotations

import bz2
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any, Final

import msgspec

# Hospitals and practitioners come before the patients who refer to them.
_SHARED: Final = ("hospitalInformation", "practitionerInformation")
_FULL_URL: Final = re.compile(rb'"fullUrl"\s*:\s*"urn:uuid:([0-9a-f-]{36})"')
_UUID: Final = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_METHOD: Final = re.compile(rb'"method"\s*:\s*"(?:POST|PUT)"')
_BUNDLE: Final = re.compile(rb'"type"\s*:\s*"(?:transaction|batch)"')

# The demo's histories lead up to a day; a fixed one makes the same bundles every time.
DEMO_TODAY: Final = date(2026, 11, 1)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle as it will be sent, and whether others rest on it."""

    json: bytes
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """A bundle that lies ready in a file."""

    path: Path
    entries: int
    shared: bool


def files(paths: Iterable[Path]) -> list[Path]:
    """The bundle files among these files and folders, those that others rest on first."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        found += [p for p in inside if p.name.endswith((".json", ".json.bz2"))]
    return sorted(found, key=lambda p: (not _is_shared(p), p.name))


def _is_shared(path: Path) -> bool:
    return any(name in path.name for name in _SHARED)


def from_files(paths: Sequence[Path]) -> Iterator[Bundle]:
    """The transaction and batch bundles in these files."""
    for path in files(paths):
        data = path.read_bytes()
        text = bz2.decompress(data) if path.suffix == ".bz2" else data
        if _BUNDLE.search(text):
            yield Bundle(text, shared=_is_shared(path))


def copies(paths: Sequence[Path]) -> Iterator[Bundle]:
    """The patients of these files again and again without end, each time with new ids."""
    for number in count(1):
        found = 0
        for bundle in from_files(paths):
            if not bundle.shared:
                found += 1
                yield Bundle(copy(bundle.json, number))
        if not found:
            return


def copy(text: bytes, number: int) -> bytes:
    """The bundle under other ids: what it defines gets them, what it only refers to keeps its own."""
    own = set(_FULL_URL.findall(text))
    mask = (number * 0x9E3779B1) & 0xFFFFFFFF

    def renamed(found: re.Match[bytes]) -> bytes:
        old = found[0]
        return b"%08x" % (int(old[:8], 16) ^ mask) + old[8:] if old in own else old

    return _UUID.sub(renamed, text)


def from_demo(seed: int) -> Iterator[Bundle]:
    """The demo hospital and its patients without end. Raises ImportError where there is no demo."""
    from fhirserver.demo import hospital_bundle, patient_bundle

    yield Bundle(_encode(hospital_bundle(seed=seed, today=DEMO_TODAY, style="post")), shared=True)
    for number in count():
        yield Bundle(_encode(patient_bundle(number, seed=seed, today=DEMO_TODAY, style="post")))


def _encode(bundle: Any) -> bytes:
    return msgspec.json.encode(bundle)


def limited(bundles: Iterable[Bundle], resources: int) -> Iterator[Bundle]:
    """Bundles until so many resources are in them; the last may overshoot."""
    left = iter(bundles)
    total = 0
    # One that isn't wanted is not taken either: the rest is for the next import.
    while total < resources and (bundle := next(left, None)) is not None:
        total += entries_of(bundle)
        yield bundle


def entries_of(bundle: Bundle) -> int:
    """How many resources a bundle writes."""
    return len(_METHOD.findall(bundle.json))


def write(folder: Path, bundles: Iterable[Bundle]) -> list[Body]:
    """Put every bundle in a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    bodies = []
    for number, bundle in enumerate(bundles):
        path = folder / f"{number:07}.json"
        path.write_bytes(bundle.json)
        bodies.append(Body(path, entries_of(bundle), bundle.shared))
    return bodies
