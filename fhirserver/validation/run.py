"""One validation of one resource: what it found, and what its rules may ask."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Protocol

from fhirserver import fhirpath
from fhirserver.errors import Invalid, Issue, Severity
from fhirserver.fhirpath import Env
from fhirserver.fhirpath.env import OWN_SECONDS, OWN_STEPS
from fhirserver.model.conformance import Conformance
from fhirserver.validation.bundled import Entries
from fhirserver.validation.node import Node
from fhirserver.validation.options import Codes, Coding, Fetch, Options
from fhirserver.validation.profile import Profile
from fhirserver.validation.systems import Systems

# Who has more errors than this, or more of the rest, learns of others after mending these.
MAX_ISSUES = 1_000

# Of all expressions of one validation together: profiles are written by others.
EXPRESSIONS_SECONDS = 20.0


class Profiles(Protocol):
    """Compiled profiles by canonical, and code systems by address."""

    @property
    def systems(self) -> Systems: ...

    def profile(self, canonical: str) -> Profile | None: ...

    def for_expressions(self, run: Run) -> fhirpath.Profiles:
        """The same for conformsTo(), slice() and htmlChecks()."""
        ...


class Run:
    """Never shared: it collects."""

    def __init__(
        self,
        top: Node,
        conformance: Conformance,
        profiles: Profiles,
        codes: Codes,
        options: Options,
        fetch: Fetch | None,
    ) -> None:
        self.top = top
        # The resources met so far: the one at the top, and those inside.
        self.resources: list[Node] = []
        self.conformance = conformance
        self.profiles = profiles
        self.codes = codes
        self.options = options
        self.fetch = fetch
        # Whether this is about a Bundle, whose entries refer to one another.
        self.is_bundle = top.type == "Bundle"
        # Whether a reference that isn't one inside a resource may lead somewhere.
        self.may_resolve = fetch is not None or self.is_bundle or top.type == "Parameters"
        self._terminology = ExpressionCodes(codes)
        self.deadline = time.monotonic() + EXPRESSIONS_SECONDS
        self._envs: dict[int, Env] = {}
        self.issues: dict[tuple[str, str, str], Issue] = {}
        self._told = {True: 0, False: 0}
        self._contained: dict[int, Mapping[str, Node]] = {}
        # Who is being checked against which profile, as resources may refer to one another.
        self.doing: set[tuple[int, str]] = set()
        # What has been checked in this run: a vital sign that declares its profile has it twice.
        self.done: set[tuple[int, str]] = set()
        # Invariants of profiles that cost too much, by identity.
        self.given_up: set[int] = set()
        # The ids of elements met so far, with the resource that they are of.
        self.ids: set[tuple[int, str]] = set()

    def report(self, severity: Severity | None, code: str, text: str, where: Node | str) -> None:
        """Add an issue; what was said already isn't said twice, None says nothing."""
        if severity is None:
            return
        # Warnings leave room for errors: a verdict must not depend on how many there are.
        is_error = severity in {"error", "fatal"}
        if self._told[is_error] >= MAX_ISSUES:
            return
        path = where if isinstance(where, str) else where.path
        if (severity, path, text) not in self.issues:
            self._told[is_error] += 1
            self.issues[severity, path, text] = Issue(severity, code, text, path)

    def error(self, code: str, text: str, where: Node | str) -> None:
        """Add an error."""
        self.report("error", code, text, where)

    def warning(self, code: str, text: str, where: Node | str) -> None:
        """Add a warning."""
        self.report("warning", code, text, where)

    def silent(self) -> Run:
        """A run of its own on the same resource, for trying."""
        run = Run(self.top, self.conformance, self.profiles, self.codes, self.options, self.fetch)
        run.doing = self.doing
        run.given_up = self.given_up
        run.deadline = self.deadline
        run._envs = self._envs
        run._contained = self._contained
        run.__dict__["entries"] = self.entries
        return run

    @property
    def has_errors(self) -> bool:
        """Whether an error was found."""
        return any(i.severity in {"error", "fatal"} for i in self.issues.values())

    @cached_property
    def entries(self) -> Entries:
        """Where references inside a Bundle lead."""
        return Entries(self.top)

    def resolve(self, reference: str, from_: Node) -> Node | None:
        """The node of a resource that a reference points at, contained or in the same Bundle."""
        if reference.startswith("#"):
            root = from_.root
            if reference == "#":
                return root
            return self._contained_in(root).get(reference[1:])
        return self.entries.find(reference, from_)

    def _contained_in(self, root: Node) -> Mapping[str, Node]:
        """The resources that one contains, by id; the first of several with one id."""
        found = self._contained.get(id(root))
        if found is None:
            contained = reversed(root.named("contained"))
            found = self._contained[id(root)] = {
                id_: c for c in contained if (id_ := c.text("id")) is not None
            }
        return found

    def find(self, reference: str, from_: Node) -> Mapping[str, Any] | None:
        """The resource itself, wherever it can be found."""
        node = self.resolve(reference, from_)
        if node is not None:
            found: Mapping[str, Any] = node.value
            return found
        if reference.startswith("#") or self.fetch is None:
            return None
        return self.fetch(reference)

    def _resolved(self, reference: str, from_: Node) -> Mapping[str, Any] | None:
        """For resolve(): where nothing is fetched, nobody can say what isn't here.

        An invariant is then told as one that can't be evaluated, instead of a broken one.
        """
        found = self.find(reference, from_)
        if found is None and self.fetch is None and not reference.startswith("#"):
            raise Invalid("FHIRPath: resolve() of a resource that isn't part of this one")
        return found

    def own_env(self, node: Node) -> Env:
        """The same for the standard's invariants, which large resources cost much.

        Not kept here: what a run refers to and refers to it would wait for the garbage collector.
        """
        resource = node.resource
        return Env(
            resource=resource.value,
            root_resource=resource.root.value,
            resolve=lambda reference: self._resolved(reference, resource),
            terminology=self._terminology,
            profiles=self.profiles.for_expressions(self),
            max_steps=OWN_STEPS,
            max_seconds=OWN_SECONDS,
        )

    def env(self, node: Node) -> Env:
        """What an expression on a node may reach: the same for all nodes of a resource."""
        resource = node.resource
        found = self._envs.get(id(resource))
        if found is None:
            found = self._envs[id(resource)] = Env(
                resource=resource.value,
                root_resource=resource.root.value,
                resolve=lambda reference: self._resolved(reference, resource),
                terminology=self._terminology,
                profiles=self.profiles.for_expressions(self),
                deadline=self.deadline,
            )
        return found


class ExpressionCodes:
    """What expressions ask of codes, by what validation asks of terminology."""

    def __init__(self, codes: Codes) -> None:
        self._codes = codes

    def member_of(self, value_set: str, type_: str, value: Any) -> bool | None:
        answers = [self._codes.member_of(value_set, c) for c in codings_of(type_, value)]
        if True in answers:
            return True
        return None if None in answers else False

    def subsumes(self, system: str, code: str, other: str) -> bool | None:
        return self._codes.subsumes(system, code, other)


def codings_of(type_: str, value: Any) -> list[Coding]:
    """The codes in a value of a coded type."""
    if type(value) is str:
        return [Coding(None, value)]
    if type(value) is not dict:
        return []
    if type_ == "CodeableConcept":
        codings = value.get("coding")
        if type(codings) is not list:
            return []
        return [c for each in codings for c in codings_of("Coding", each)]
    if type_ not in {"Coding", "Quantity"}:
        return []
    code, system, version = value.get("code"), value.get("system"), value.get("version")
    # What is misshapen is told by the structure's rules.
    if type(code) is not str or not isinstance(system, str | None):
        return []
    return [Coding(system, code, version)] if isinstance(version, str | None) else []
