"""Reading a release and storing what is in it: the concepts in tables, the resources as ever."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fhirserver.access.principal import Principal
from fhirserver.access.scopes import scopes
from fhirserver.dictionaries import formats as package
from fhirserver.dictionaries.format import Content, formats
from fhirserver.dictionaries.release import Release
from fhirserver.engine import Engine
from fhirserver.errors import Invalid
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model.resource import Resource
from fhirserver.registry import discover
from fhirserver.storage.concept_rows import Term, replace_code_system

discover(package)

_LOADER: Final = Principal("terminology load", scopes("system/*.cruds"))

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a release came to."""

    title: str
    url: str
    version: str
    concepts: int
    value_sets: int


def load(
    engine: Engine, path: Path, *, form: str | None, version: str | None, told: Told
) -> Loaded:
    """Load a release; `told` hears how many concepts have been read.

    Raises Invalid for a release that isn't recognised or is damaged: then nothing has changed.
    """
    release = Release(path)
    name = form or _recognised(release)
    chosen = formats[name]
    if not chosen.recognises(release):
        raise Invalid(f"{path.name} has none of the files of {chosen.title}")
    try:
        content = chosen.read(release, version)
        database = engine.context.store.database
        size = replace_code_system(database, content.about, _counted(content.terms, told))
    except KeyError as error:
        raise Invalid(
            f"{path.name} has no column {error}: is it a release of {chosen.title}?"
        ) from error
    _store(engine, content, size)
    about = content.about
    return Loaded(chosen.title, about["url"], about["version"], size, len(content.value_sets))


def _recognised(release: Release) -> str:
    found = [name for name, form in formats.items() if form.recognises(release)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(sorted(found or formats))
    raise Invalid(
        f"{release.path.name} is not a release that is known: say with --format which it is "
        f"({names})"
    )


def _counted(terms: Iterable[Term], told: Told) -> Iterator[Term]:
    for number, term in enumerate(terms, 1):
        if number % 1000 == 0:
            told(number)
        yield term


def _store(engine: Engine, content: Content, size: int) -> None:
    """The resources that others see; a code system's concepts are in its tables."""
    resource = {**content.about, "content": "not-present", "count": size}
    for made in (resource, *content.value_sets):
        store_resource(engine, made)


def store_resource(
    engine: Engine, resource: Resource, by: Sequence[str] = ("url", "version")
) -> None:
    """Store a resource in place of what has the same address and version, or the same `by`."""
    query = tuple((name, str(resource[name])) for name in by)
    engine.handle(
        FhirRequest(
            "update",
            _LOADER,
            resource["resourceType"],
            query=query,
            body=resource,
        )
    )
