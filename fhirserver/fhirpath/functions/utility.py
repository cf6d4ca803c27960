"""Utility: trace, now, today, timeOfDay; and type(), which reflects.

http://hl7.org/fhirpath/N1/#utility-functions
"""

from __future__ import annotations

import logging

from fhirserver.fhirpath import schema, temporal
from fhirserver.fhirpath.compiled import Shape, one
from fhirserver.fhirpath.env import Scope
from fhirserver.fhirpath.function import Lambda, function
from fhirserver.fhirpath.nodes import Nodes

log = logging.getLogger(__name__)


@function("trace")
def trace(items: Nodes, name: str, projection: Lambda | None = None, *, scope: Scope) -> Nodes:
    """Shown to who asked for it; logged is how many items there are, as they may be a patient's."""
    shown = items if projection is None else [n for item in items for n in projection(item)]
    scope.spend(len(shown))
    if scope.env.trace is not None:
        scope.env.trace(name, shown)
    log.debug("fhirpath_trace", extra={"trace": name, "count": len(shown)})
    return items


@function("now", lambda _call: one("System.DateTime"))
def now(_items: Nodes, *, scope: Scope) -> Nodes:
    time = scope.time()
    zone = temporal.zone_text(_minutes_east(scope))
    text = time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03}{zone}"
    return [("System.DateTime", text, None)]


@function("today", lambda _call: one("System.Date"))
def today(_items: Nodes, *, scope: Scope) -> Nodes:
    return [("System.Date", scope.time().strftime("%Y-%m-%d"), None)]


@function("timeOfDay", lambda _call: one("System.Time"))
def time_of_day(_items: Nodes, *, scope: Scope) -> Nodes:
    time = scope.time()
    text = time.strftime("%H:%M:%S.") + f"{time.microsecond // 1000:03}"
    return [("System.Time", text, None)]


def _minutes_east(scope: Scope) -> int:
    offset = scope.time().utcoffset()
    return 0 if offset is None else int(offset.total_seconds() // 60)


@function("type", lambda call: Shape(frozenset({"System.TypeInfo"}), call.source.shape.many))
def type_of(items: Nodes) -> Nodes:
    """http://hl7.org/fhirpath/N1/#reflection"""
    return [("System.TypeInfo", _type_info(item[0]), None) for item in items]


def _type_info(name: str) -> dict[str, str]:
    if name.startswith("System."):
        info = {"namespace": "System", "name": name.removeprefix("System.")}
        return {**info, "baseType": "System.Any"}
    base = schema.base(name)
    info = {"namespace": "FHIR", "name": name}
    return info if base is None else {**info, "baseType": f"FHIR.{base}"}
