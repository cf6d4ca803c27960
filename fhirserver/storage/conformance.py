"""Conformance resources that are stored in the server, by their canonical address.

Packages are installed as ordinary resources, and so are a site's own profiles and value sets:
what is stored is found here, and before what is shipped.

https://hl7.org/fhir/R4/references.html#canonical
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fhirserver.model import canonicals, json
from fhirserver.model.conformance import Versioned
from fhirserver.model.kept import Kept
from fhirserver.model.resource import Resource
from fhirserver.search.hashing import element
from fhirserver.storage import numbers
from fhirserver.storage.database import Database
from fhirserver.storage.schema import table
from fhirserver.storage.versions import COLUMNS, array, version_of

TYPES: Final = frozenset(canonicals.TYPES)

# Of text; parsed it takes about six times the space.
KEPT_BYTES: Final = 4_000_000
# An answer that there is nothing takes some space, too.
_NOTHING_BYTES: Final = 200
# More versions of one definition than anybody has.
_MOST_VERSIONS: Final = 1_000

# What the CapabilityStatement and the TerminologyCapabilities are made of.
_STATING: Final = (
    "StructureDefinition",
    "SearchParameter",
    "OperationDefinition",
    "ImplementationGuide",
    "CapabilityStatement",
    "CodeSystem",
)


class StoredConformance:
    """A model.conformance.Conformance: what is stored, else what another source has."""

    def __init__(self, database: Database, behind: Versioned) -> None:
        self._database = database
        self._behind = behind
        self._held: tuple[str, Kept[Resource | None]] = "", Kept(KEPT_BYTES)

    @property
    def generation(self) -> str:
        """A text that is another one after every change to a conformance resource (0.1 ms).

        Who keeps something that was made of such resources keeps this beside it, read first, and
        throws both away when it has changed.
        """
        return numbers.of_conformance(self._database)

    def find(self, resource_type: str, canonical: str) -> Resource | None:
        """The resource with this address; never change it."""
        if resource_type in TYPES:
            kept = self._kept()
            key = resource_type, canonical
            held = kept.get(key)
            if held is None:
                found, size = self._stored(resource_type, canonical)
                kept.put(key, found, size)
            else:
                found = held[0]
            if found is not None:
                return found
        return self._behind.find(resource_type, canonical)

    def urls(self, resource_type: str) -> Iterable[str]:
        """The addresses of all resources of a type, without versions."""
        stored = self.stored_urls(resource_type) if resource_type in TYPES else ()
        return dict.fromkeys((*stored, *self._behind.urls(resource_type)))

    def stored_urls(self, resource_type: str) -> list[str]:
        """The addresses of those that are stored."""
        source = (
            "jsonb_path_query(r.content, '$.uniqueId[*].value') #>> '{}'"
            if resource_type == "NamingSystem"
            else "r.content ->> 'url'"
        )
        rows = self._database.read(
            f"SELECT DISTINCT {source} AS url FROM {table('resource', resource_type)} r "
            "WHERE NOT r.deleted"
        )
        return sorted(row[0] for row in rows if row[0] is not None)

    def all_versions(self, resource_type: str) -> dict[str, tuple[str, ...]]:
        """The versions of every address, as `versions` has them of one; the stored ones first."""
        found: dict[str, list[str]] = {}
        if resource_type in TYPES:
            rows = self._database.read(
                "SELECT DISTINCT r.content ->> 'url', coalesce(r.content ->> 'version', '') "
                f"FROM {table('resource', resource_type)} r "
                "WHERE NOT r.deleted AND r.content ->> 'url' IS NOT NULL ORDER BY 1, 2"
            )
            for url, version in rows:
                found.setdefault(url, []).append(version)
        for url in self._behind.urls(resource_type):
            found.setdefault(url, []).extend(self._behind.versions(resource_type, url))
        return {url: tuple(dict.fromkeys(versions)) for url, versions in found.items()}

    def versions(self, resource_type: str, url: str) -> Sequence[str]:
        """The versions there are of one url; an empty text for a resource without version."""
        stored = self._stored_versions(resource_type, url) if resource_type in TYPES else ()
        return tuple(dict.fromkeys((*stored, *self._behind.versions(resource_type, url))))

    def _stored_versions(self, resource_type: str, url: str) -> list[str]:
        rows = self._database.read(
            f"SELECT DISTINCT coalesce(r.content ->> 'version', '') "
            f"FROM {table('resource', resource_type)} r "
            "WHERE r.elements @> %s::int8[] AND NOT r.deleted AND r.content ->> 'url' = %s "
            f"LIMIT {_MOST_VERSIONS}",
            (array([_element(resource_type, url)]), url),
            prepare=False,
        )
        return sorted(row[0] for row in rows)

    def _kept(self) -> Kept[Resource | None]:
        """What is known of the present generation, which is asked for before anything is read."""
        generation = self.generation
        held = self._held
        if held[0] != generation:
            held = self._held = generation, Kept(KEPT_BYTES)
        return held[1]

    def _stored(self, resource_type: str, canonical: str) -> tuple[Resource | None, int]:
        url, wanted = canonicals.split(canonical)
        rows = self._database.read(
            f"SELECT {COLUMNS} FROM {table('resource', resource_type)} r "
            "WHERE r.elements @> %s::int8[] AND NOT r.deleted "
            f"ORDER BY r.updated DESC, r.key DESC LIMIT {_MOST_VERSIONS}",
            (array([_element(resource_type, url)]),),
            prepare=False,
        )
        best: tuple[Resource, int] | None = None
        for row in rows:
            text = version_of(resource_type, row).content or "{}"
            found = json.kept(text)
            if url not in canonicals.addresses(found):
                continue
            version = found.get("version")
            if wanted is not None and version != wanted:
                continue
            # Of two with one version the later one counts: it comes first.
            if best is None or canonicals.age(version) > canonicals.age(best[0].get("version")):
                best = found, len(text)
        return best or (None, _NOTHING_BYTES)


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored resource that has one of the addresses asked for."""

    id: str
    url: str
    version: str | None


def with_urls(database: Database, resource_type: str, urls: Collection[str]) -> list[Stored]:
    """The current resources of a type that have one of these addresses, the newest first."""
    if not urls:
        return []
    rows = database.read(
        "SELECT r.id, r.content ->> 'url', r.content ->> 'version' "
        f"FROM {table('resource', resource_type)} r "
        "WHERE r.elements && %s::int8[] AND NOT r.deleted ORDER BY r.updated DESC, r.key DESC",
        (array(_element(resource_type, url) for url in urls),),
        prepare=False,
    )
    wanted = frozenset(urls)
    return [Stored(*row) for row in rows if row[1] in wanted]


def guides(database: Database) -> list[tuple[str, str | None]]:
    """The url and the version of each implementation guide that is stored."""
    rows = database.read(
        "SELECT DISTINCT r.content ->> 'url', r.content ->> 'version' "
        'FROM resource."ImplementationGuide" r WHERE NOT r.deleted ORDER BY 1, 2'
    )
    return [(row[0], row[1]) for row in rows]


def last_change(database: Database) -> datetime | None:
    """When a resource that says what the server does was last stored or deleted."""
    changes = " UNION ALL ".join(f"SELECT updated FROM {table('resource', t)}" for t in _STATING)
    found: datetime | None = database.read(f"SELECT max(updated) FROM ({changes}) AS changes")[0][0]
    return found


def requirements(database: Database) -> list[Resource]:
    """The CapabilityStatements that say what is required, not what a server has."""
    rows = database.read(
        f'SELECT {COLUMNS} FROM resource."CapabilityStatement" r '
        "WHERE NOT r.deleted AND r.content ->> 'kind' = 'requirements' ORDER BY r.key"
    )
    texts = [version_of("CapabilityStatement", row).content or "{}" for row in rows]
    return [json.kept(text) for text in texts]


def profiles(database: Database) -> list[tuple[str, str, str | None]]:
    """The type, the url and the version of each profile of a resource type that is stored."""
    rows = database.read(
        "SELECT DISTINCT r.content ->> 'type', r.content ->> 'url', r.content ->> 'version' "
        'FROM resource."StructureDefinition" r WHERE NOT r.deleted '
        "AND r.content ->> 'derivation' = 'constraint' AND r.content ->> 'kind' = 'resource' "
        "ORDER BY 1, 2, 3"
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _element(resource_type: str, url: str) -> int:
    """What the index holds of a resource with this address."""
    if resource_type == "NamingSystem":
        return element("value", f"e|{url}")
    # Of a CodeSystem the parameters url and system are one, which is indexed as system.
    return element("system" if resource_type == "CodeSystem" else "url", f"u|{url}")
