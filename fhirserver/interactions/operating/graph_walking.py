"""The resources that a GraphDefinition walks to from one resource, a level at a time.

https://hl7.org/fhir/R4/graphdefinition.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl

from fhirserver import clock, fhirpath
from fhirserver.access.principal import Principal
from fhirserver.errors import FhirError, Invalid, NotSupported, TooCostly, Unprocessable
from fhirserver.fhirpath import Env
from fhirserver.graphql.source import Name
from fhirserver.interactions.context import Context
from fhirserver.interactions.operating.compartment_rules import follows
from fhirserver.interactions.operating.graph_reading import Reading
from fhirserver.model.references import references
from fhirserver.model.resource import Resource
from fhirserver.search.results import RESULTS

MOST_SEARCHES: Final = 200
_MOST_STEPS: Final = 20_000
_REF: Final = "{ref}"


@dataclass(frozen=True, slots=True)
class _Step:
    """A link to follow from a resource; `place` is where the definition has it."""

    source: Resource
    link: Resource
    place: str


@dataclass(slots=True)
class _Reached:
    """What a link leads to, for each of its targets."""

    step: _Step
    names: list[Name] = field(default_factory=list)
    found: list[tuple[int, Resource]] = field(default_factory=list)
    """The number of the target, and a resource of its type."""


class GraphWalk:
    """One walk, with a caller's rights."""

    def __init__(self, ctx: Context, principal: Principal) -> None:
        self._ctx = ctx
        self._reading = Reading(ctx, principal)
        self._searches = 0
        self._end: datetime = clock.now() + timedelta(seconds=ctx.settings.search_timeout_seconds)
        self._found: dict[Name, Resource] = {}
        self._validator = ctx.validators.current()

    def resources(self, graph: Resource, focus: Resource) -> list[Resource]:
        """The focus and all that the graph leads to, each once, in the order of the walk.

        Raises Unprocessable where a link has fewer or more than it may, Invalid for a definition
        that can't be followed, TooCostly where it leads to too much.
        """
        if not self._has_profile(focus, graph.get("profile")):
            raise Unprocessable(
                "the resource breaks the profile that the graph starts with",
                expression="GraphDefinition.profile",
            )
        self._found = {_name(focus): focus}
        done: set[tuple[Name, str]] = set()
        steps = list(_steps(focus, graph, "GraphDefinition"))
        while steps:
            following: list[_Step] = []
            for reached in self._level(steps):
                for number, resource in self._targets(reached):
                    place = f"{reached.step.place}.target[{number}]"
                    if (_name(resource), place) in done:
                        continue
                    done.add((_name(resource), place))
                    self._found.setdefault(_name(resource), resource)
                    target = reached.step.link["target"][number] if number >= 0 else {}
                    following += _steps(resource, target, place)
            if len(self._found) > self._ctx.settings.max_includes:
                raise TooCostly(
                    f"the graph has more than {self._ctx.settings.max_includes} resources"
                )
            steps = following
        return list(self._found.values())

    def _level(self, steps: Sequence[_Step]) -> list[_Reached]:
        """Where all links of one level lead to."""
        reached = [_Reached(step) for step in steps]
        by_path = [r for r in reached if r.step.link.get("path")]
        for each in by_path:
            each.names = self._named(each.step)
        wanted = {name for each in by_path for name in each.names}
        self._look_at_the_clock()
        known = dict(self._found)
        known |= self._reading.read(wanted - known.keys()) if wanted - known.keys() else {}
        for each in by_path:
            targets = each.step.link.get("target", ())
            for name in each.names:
                if name not in known:
                    continue
                if not targets:
                    each.found.append((-1, known[name]))
                each.found += [
                    (number, known[name])
                    for number, target in enumerate(targets)
                    if target["type"] == name[0]
                ]
        self._searched([r for r in reached if not r.step.link.get("path")])
        return reached

    # Paths

    def _named(self, step: _Step) -> list[Name]:
        """What the references at a link's path are to, as far as it is on this server."""
        path = step.link["path"]
        if path == "*":
            texts = [link.text for link in references(step.source)]
        else:
            texts = [t for t in self._references(step, path) if t]
        _count(step, len(texts))
        literals = [self._reading.literal(text) for text in texts]
        return list(dict.fromkeys(found[0] for found in literals if found is not None))

    def _references(self, step: _Step, path: str) -> Iterator[str]:
        try:
            run = fhirpath.compile(path, step.source["resourceType"])
            values = run(step.source, Env(max_steps=_MOST_STEPS))
        except FhirError as error:
            raise Invalid(
                f"the path can't be followed: {error}", expression=f"{step.place}.path"
            ) from error
        for type_code, value, _ in values:
            if type_code != "Reference":
                raise Invalid(
                    f"the path must lead to references, not to {type_code}",
                    expression=f"{step.place}.path",
                )
            yield str(value.get("reference") or "")

    # Searches

    def _searched(self, reached: Sequence[_Reached]) -> None:
        """Links without a path: a search for each target, for all resources of the level at once.

        That is where the resource is a parameter's whole value; else it is a search for each.
        """
        together: dict[str, list[tuple[_Reached, int]]] = defaultdict(list)
        for each in reached:
            targets = each.step.link.get("target", ())
            if not targets:
                raise Invalid("a link needs a path or a target", expression=each.step.place)
            for number in range(len(targets)):
                together[f"{each.step.place}.target[{number}]"].append((each, number))
        for place, same in together.items():
            self._search(place, same)
        for each in reached:
            _count(each.step, len({_name(r) for _, r in each.found}))

    def _search(self, place: str, same: Sequence[tuple[_Reached, int]]) -> None:
        first, number = same[0]
        target = first.step.link["target"][number]
        pairs = _pairs(target, place)
        mentions = [pair for pair in pairs if _REF in pair[1]]
        known = self._ctx.parameters.for_type(target["type"])
        code = mentions[0][0]
        if mentions == [(code, _REF)] and code in known and known[code].type == "reference":
            self._look_at_the_clock(searches=1)
            names = list(dict.fromkeys(_name(each.step.source) for each, _ in same))
            others = [pair for pair in pairs if pair not in mentions]
            found = self._reading.referring(target["type"], code, names, others)
            for each, n in same:
                each.found += [(n, r) for r in found.get(_name(each.step.source), ())]
            return
        for each, n in same:
            self._look_at_the_clock(searches=1)
            ref = "/".join(_name(each.step.source))
            filled = [(key, value.replace(_REF, ref)) for key, value in pairs]
            each.found += [(n, r) for r in self._reading.matches(target["type"], filled)]

    # Targets

    def _targets(self, reached: _Reached) -> Iterator[tuple[int, Resource]]:
        """The resources that a target is for: by its profile and by its compartment rules."""
        for number, resource in reached.found:
            if number < 0:
                yield number, resource
                continue
            target = reached.step.link["target"][number]
            place = f"{reached.step.place}.target[{number}]"
            if not self._has_profile(resource, target.get("profile")):
                continue
            source = reached.step.source
            if follows(self._ctx, target.get("compartment", ()), source, resource, place):
                yield number, resource

    def _has_profile(self, resource: Resource, profile: str | None) -> bool:
        """Whether a resource keeps to a profile; one that isn't known here can't be asked for."""
        if profile is None or self._validator.profile(profile) is None:
            return True
        self._look_at_the_clock()
        issues = self._validator.validate(resource, [profile])
        return not any(i.severity in {"error", "fatal"} for i in issues)

    def _look_at_the_clock(self, searches: int = 0) -> None:
        self._searches += searches
        if self._searches > MOST_SEARCHES:
            raise TooCostly(f"the graph needs more than {MOST_SEARCHES} searches")
        if clock.now() > self._end:
            raise TooCostly("the graph takes longer than a search may: ask for less")


def _steps(resource: Resource, holder: Resource, place: str) -> Iterator[_Step]:
    for number, link in enumerate(holder.get("link", ())):
        if "sliceName" in link:
            raise NotSupported(
                "links of a slice aren't followed: say which elements in the path",
                expression=f"{place}.link[{number}].sliceName",
            )
        yield _Step(resource, link, f"{place}.link[{number}]")


def _pairs(target: Resource, place: str) -> list[tuple[str, str]]:
    """The search of a target, from its parameters; the resource itself must be in it."""
    pairs = parse_qsl(target.get("params", "").lstrip("?"), keep_blank_values=True)
    if not any(_REF in value for _, value in pairs):
        raise Invalid(
            f"a link without a path needs params with the value {_REF}",
            expression=f"{place}.params",
        )
    for name, _ in pairs:
        if name.partition(":")[0] in RESULTS and name != "_sort":
            raise Invalid(f"params can't have {name[:60]}", expression=f"{place}.params")
    return pairs


def _count(step: _Step, count: int) -> None:
    """https://hl7.org/fhir/R4/graphdefinition-definitions.html#GraphDefinition.link.min"""
    least, most = step.link.get("min", 0), step.link.get("max", "*")
    allowed: Any = None if most == "*" else int(most) if most.isdecimal() else -1
    if allowed == -1:
        raise Invalid("max must be a number or *", expression=f"{step.place}.max")
    if count < least or (allowed is not None and count > allowed):
        what = "/".join(_name(step.source))
        raise Unprocessable(
            f"{what} has {count} of what the graph wants {least} to {most} of",
            expression=step.place,
        )


def _name(resource: Resource) -> Name:
    return resource["resourceType"], resource.get("id", "")
