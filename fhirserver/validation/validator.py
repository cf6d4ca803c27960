"""The whole validation: structure, then every rule, then the profiles that are declared or asked.

    validator = Validator(shipped())
    validator.validate(resource)                                  # a list of Issue
    validator.validate(resource, ["http://hl7.org/fhir/StructureDefinition/bp"])

https://hl7.org/fhir/R4/validation.html
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Final

from fhirserver import registry
from fhirserver.errors import FhirError, Issue
from fhirserver.fhirpath import Env, Profiles, Terminology
from fhirserver.model.conformance import Conformance
from fhirserver.model.resource import Resource
from fhirserver.model.snapshots import Snapshots
from fhirserver.validation import rules, structure
from fhirserver.validation.enumerated import EnumeratedCodes
from fhirserver.validation.expressions import RunProfiles
from fhirserver.validation.grammars import WithGrammars
from fhirserver.validation.node import Node, resources, tree
from fhirserver.validation.options import Codes, Fetch, Options
from fhirserver.validation.profile import Profile, profile_of
from fhirserver.validation.profiles.checking import check_profile
from fhirserver.validation.run import ExpressionCodes, Run
from fhirserver.validation.systems import Systems
from fhirserver.validation.walk import walk

registry.discover(rules)

# Canonicals with the profile compiled, or with that there is none; who sends resources names them.
_PROFILES_KEPT: Final = 4_096


class Validator:
    """Validates against the definitions of a Conformance, whose profiles it compiles once.

    When those change, take a new one. Thread-safe: two threads may at worst compile one profile.
    """

    def __init__(
        self,
        conformance: Conformance,
        codes: Codes | None = None,
        options: Options | None = None,
    ) -> None:
        self.conformance = conformance
        self._codes = WithGrammars(codes or EnumeratedCodes(conformance))
        self._options = options or Options()
        self.systems = Systems(conformance)
        self._profiles = lru_cache(_PROFILES_KEPT)(self._read)
        self._missing = lru_cache(_PROFILES_KEPT)(self._why_missing)

    def profile(self, canonical: str) -> Profile | None:
        """A compiled profile; None when it isn't known or no snapshot of it can be made."""
        return self._profiles(canonical)

    def _read(self, canonical: str) -> Profile | None:
        found = self.conformance.find("StructureDefinition", canonical)
        return None if found is None else self._compiled(found)

    def _compiled(self, definition: Resource) -> Profile | None:
        try:
            if not definition.get("snapshot", {}).get("element"):
                definition = Snapshots(self.conformance).generate(definition).resource
            return profile_of(definition)
        except (FhirError, AttributeError, KeyError, TypeError, ValueError):
            # What a package or somebody's Bundle has may be no definition at all.
            return None

    @cached_property
    def _globals(self) -> Mapping[str, Sequence[str]]:
        """The profiles that implementation guides ask of every resource of a type.

        https://hl7.org/fhir/R4/implementationguide-definitions.html#ImplementationGuide.global
        """
        found: dict[str, list[str]] = {}
        for url in self.conformance.urls("ImplementationGuide"):
            guide = self.conformance.find("ImplementationGuide", url) or {}
            for each in guide.get("global", ()):
                found.setdefault(each.get("type", ""), []).append(each.get("profile", ""))
        return found

    def validate(
        self,
        resource: Resource,
        profiles: Sequence[str] = (),
        *,
        fetch: Fetch | None = None,
        options: Options | None = None,
    ) -> list[Issue]:
        """Everything that is to be said of a resource, errors first; empty when all is well."""
        issues = structure.check(resource)
        top = tree(resource)
        if top is None:
            return issues
        run = Run(top, self.conformance, self, self._codes, options or self._options, fetch)
        for issue in issues:
            run.report(issue.severity, issue.code, issue.text, issue.expression or top.path)
        walk(run, top)
        for node in run.resources:
            self._declared(run, node)
            for canonical in self._globals.get(node.type, ()):
                check_profile(run, node, canonical)
        for canonical in profiles:
            if not check_profile(run, top, canonical):
                run.error("not-found", self._missing(canonical), top)
        found: Collection[Issue] = run.issues.values()
        if not run.options.contained:
            found = [i for i in found if ".contained[" not in (i.expression or "")]
        return sorted(found, key=lambda i: _ORDER[i.severity])

    def env(
        self, resource: Resource, fetch: Fetch | None = None, deadline: float | None = None
    ) -> Env:
        """What an expression on a resource may reach: codes, profiles, and what `fetch` finds."""
        top = tree(resource)
        assert top is not None
        run = Run(top, self.conformance, self, self._codes, self._options, fetch)
        if deadline is not None:
            run.deadline = deadline
        return run.env(top)

    @property
    def terminology(self) -> Terminology:
        """What expressions ask of codes, where there is no resource to validate."""
        return ExpressionCodes(self._codes)

    def for_expressions(self, run: Run) -> Profiles:
        """What expressions ask of profiles within a validation."""
        return RunProfiles(run)

    def check_declared(self, resource: Resource) -> list[Issue]:
        """Only the declared profiles of a resource, which has been checked against the base."""
        top = tree(resource)
        if top is None:
            return []
        run = Run(top, self.conformance, self, self._codes, self._options, None)
        for node in resources(top):
            self._declared(run, node)
        return sorted(run.issues.values(), key=lambda i: _ORDER[i.severity])

    def _declared(self, run: Run, node: Node) -> None:
        """The profiles of meta.profile."""
        meta = node.value.get("meta")
        declared = meta.get("profile") if type(meta) is dict else None
        if type(declared) is not list:
            return
        for i, canonical in enumerate(declared):
            if type(canonical) is str and not check_profile(run, node, canonical):
                text = f"nothing was checked by it: {self._missing(canonical)}"
                run.warning("not-found", text, f"{node.path}.meta.profile[{i}]")

    def _why_missing(self, canonical: str) -> str:
        """Why a profile can't be used."""
        if self.conformance.find("StructureDefinition", canonical) is None:
            return f"the profile {canonical} isn't known here: install the package that has it"
        return (
            f"no snapshot of the profile {canonical} can be made: validate its StructureDefinition"
        )


_ORDER = {"fatal": 0, "error": 1, "warning": 2, "information": 3}
