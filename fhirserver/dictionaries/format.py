"""What a format is: something that recognises a release and reads its concepts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fhirserver.dictionaries.release import Release
from fhirserver.model.resource import Resource
from fhirserver.registry import Registry
from fhirserver.storage.concept_rows import Term


@dataclass(frozen=True, slots=True)
class Content:
    """A code system of a release: its CodeSystem resource without concepts, and its concepts.

    `value_sets` come with it: answer lists, for instance.
    """

    about: Resource
    terms: Iterable[Term]
    value_sets: tuple[Resource, ...] = ()


@dataclass(frozen=True, slots=True)
class Format:
    """How to recognise a release, and how to read it; `version` is given where no file says it."""

    title: str
    recognises: Callable[[Release], bool]
    read: Callable[[Release, str | None], Content]


formats: Registry[Format] = Registry("format")


def code_system(url: str, name: str, title: str, version: str, **more: object) -> Resource:
    """A CodeSystem resource without concepts."""
    return {
        "resourceType": "CodeSystem",
        "url": url,
        "version": version,
        "name": name,
        "title": title,
        "status": "active",
        "content": "complete",
        "caseSensitive": True,
        **more,
    }
