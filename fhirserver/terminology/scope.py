"""One question put to the engine: where it looks, what it was told, and what it has used.

Code systems and value sets are found here and nowhere else, so that the rules on versions and
the supplements hold everywhere, and the answer can say what it rests on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from fhirserver.errors import Issue, NotFound, Unprocessable
from fhirserver.model.canonicals import split
from fhirserver.model.resource import Resource
from fhirserver.terminology.content import CodeSystem
from fhirserver.terminology.languages import preferred
from fhirserver.terminology.library import Shelf
from fhirserver.terminology.options import Options
from fhirserver.terminology.supplements import Supplemented, canonical
from fhirserver.terminology.value_sets import Rule, ValueSet
from fhirserver.terminology.versions import Rules, fits

_DEEPEST_IMPORT: Final = 50


class UnknownValueSet(NotFound):
    """There is no value set with this address."""

    status = 404

    def __init__(self, url: str, message_id: str = "Unable_to_resolve_value_Set_") -> None:
        text = f"A definition for the value Set '{url}' could not be found"
        super().__init__(
            issues=[Issue("error", "not-found", text, detail="not-found", message_id=message_id)]
        )


class UnknownCodeSystem(NotFound):
    """There is no code system with this address, or not in this version."""

    def __init__(self, url: str, version: str | None, known: Sequence[str]) -> None:
        self.url = url
        self.version = version
        self.known = tuple(known)
        super().__init__(f"there is no code system {url}" + (f"|{version}" if version else ""))


class Scope:
    """What is in reach of one question, and what of it was used."""

    def __init__(self, shelf: Shelf, options: Options, value_set: ValueSet | None = None) -> None:
        self.shelf = shelf
        self.options = options
        self.rules: Rules = options.versions
        self.used_systems: dict[str, CodeSystem] = {}
        self.used_value_sets: dict[str, ValueSet] = {}
        self.used_rules: dict[tuple[str, str], None] = {}
        self.used_supplements: dict[str, None] = {}
        self.display_language = options.display_language
        """The languages of the reader as the answer echoes them."""
        if self.display_language is None and value_set is not None:
            fixed = value_set.parameter("displayLanguage")
            self.display_language = str(fixed) if fixed else None
        self.languages = _languages(self.display_language, value_set)
        self._supplements = self._needed(
            (*options.supplements, *(value_set.supplements if value_set else ()))
        )
        self._supplemented: dict[tuple[str, str | None], CodeSystem] = {}
        self._within: list[str] = []
        self.is_expanding = False

    def system(self, url: str, version: str | None) -> CodeSystem:
        """The code system where a value set names it so; raises UnknownCodeSystem."""
        wanted = self.rules.wanted(url, version)
        if wanted is not None and wanted != version:
            self._note_rule(url, wanted)
        return self.exact_system(url, wanted)

    def exact_system(self, url: str, wanted: str | None) -> CodeSystem:
        """The code system in a version, whatever rules say; raises UnknownCodeSystem."""
        found = self.find_system(url, wanted)
        if found is None:
            raise UnknownCodeSystem(url, wanted, self.shelf.versions("CodeSystem", url))
        self.used_systems.setdefault(
            f"{found.url}|{found.version}" if found.version else found.url, found
        )
        return found

    def find_system(self, url: str, wanted: str | None) -> CodeSystem | None:
        """The same without a trace, None where it isn't known."""
        found = self.shelf.code_system(url, wanted)
        if found is None or found.about.get("content") == "not-present":
            return None
        if self._supplements:
            return self._with_supplements(found)
        return found

    def value_set(self, reference: str, within: ValueSet) -> ValueSet:
        """A value set that another one imports; raises UnknownValueSet."""
        if reference.startswith("#"):
            contained = within.contained.get(reference)
            if contained is None:
                raise UnknownValueSet(reference)
            return contained
        url, version = split(reference)
        pinned = None if version else self.rules.value_sets.get(url)
        if pinned is not None:
            self.used_rules[("default-valueset-version", f"{url}|{pinned}")] = None
        version = version or pinned
        found = self.shelf.value_set(url, version)
        if found is None:
            name = f"{url}|{version}" if version else url
            if pinned is not None and self.is_expanding:
                raise UnknownValueSet(name, "VS_EXP_IMPORT_UNK_PINNED")
            raise UnknownValueSet(name)
        self.used_value_sets.setdefault(found.canonical, found)
        return found

    @contextmanager
    def entering(self, value_set: ValueSet) -> Iterator[None]:
        """While a value set is followed; raises when it is on the way to itself."""
        name = value_set.canonical
        if (name and name in self._within) or len(self._within) >= _DEEPEST_IMPORT:
            raise _circular(name, [*self._within, name])
        self._within.append(name)
        try:
            yield
        finally:
            self._within.pop()

    def check_imports(self, value_set: ValueSet) -> None:
        """Raise Unprocessable for a value set that imports itself, by whatever way."""
        if any(r.value_sets for r in (*value_set.include, *value_set.exclude)):
            self._follow(value_set, set())

    def _follow(self, value_set: ValueSet, done: set[str]) -> None:
        with self.entering(value_set):
            for rule in (*value_set.include, *value_set.exclude):
                for reference in rule.value_sets:
                    url, version = split(reference)
                    found = value_set.contained.get(reference) or self.shelf.value_set(
                        url, version or self.rules.value_sets.get(url)
                    )
                    if found is not None and (not found.url or found.canonical not in done):
                        self._follow(found, done)
        done.add(value_set.canonical)

    def _note_rule(self, url: str, wanted: str) -> None:
        for name, rules in (
            ("force-system-version", self.rules.forced),
            ("system-version", self.rules.defaults),
            ("check-system-version", self.rules.checks),
        ):
            if rules.get(url) == wanted:
                self.used_rules[(name, f"{url}|{wanted}")] = None
                return

    def _needed(self, names: Sequence[str]) -> list[Resource]:
        """The supplements that are asked for; raises Unprocessable when one isn't here."""
        found: list[Resource] = []
        missing: list[str] = []
        for name in dict.fromkeys(names):
            resource = self.shelf.supplement(name)
            if resource is None:
                missing.append(name)
            elif resource not in found:
                found.append(resource)
        if missing:
            noun = "supplement" if len(missing) == 1 else "supplements"
            text = f"Required {noun} not found: {', '.join(missing)}"
            raise Unprocessable(
                issues=[
                    Issue(
                        "error",
                        "not-found",
                        text,
                        detail="not-found",
                        message_id="VALUESET_SUPPLEMENT_MISSING",
                    )
                ]
            )
        return found

    def _with_supplements(self, base: CodeSystem) -> CodeSystem:
        key = base.url, base.version
        known = self._supplemented.get(key)
        if known is None:
            own = [s for s in self._supplements if _is_for(s, base)]
            self.used_supplements.update(dict.fromkeys(canonical(s) for s in own))
            known = self._supplemented[key] = Supplemented(base, own) if own else base
        return known


def _languages(wanted: str | None, value_set: ValueSet | None) -> tuple[str, ...]:
    """The languages of the reader: those asked for, else that of the value set."""
    if wanted is None and value_set is not None:
        wanted = value_set.resource.get("language")
    return preferred(wanted) if wanted else ()


def _is_for(supplement: Resource, base: CodeSystem) -> bool:
    url, version = split(supplement.get("supplements", ""))
    return url == base.url and fits(base.version, version)


def _circular(name: str, way: Sequence[str]) -> Unprocessable:
    text = f"Cyclic reference detected when following {name} via [{', '.join(way)}]"
    return Unprocessable(
        issues=[
            Issue(
                "error",
                "processing",
                text,
                detail="vs-invalid",
                message_id="VALUESET_CIRCULAR_REFERENCE",
            )
        ]
    )


def versions_named(value_set: ValueSet) -> dict[str, set[str | None]]:
    """The versions that a value set names of each system."""
    found: dict[str, set[str | None]] = {}
    rules: tuple[Rule, ...] = (*value_set.include, *value_set.exclude)
    for rule in rules:
        if rule.system is not None:
            found.setdefault(rule.system, set()).add(rule.version)
    return found
