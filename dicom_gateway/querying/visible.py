"""Which studies a caller may see: those whose ImagingStudy they may read.

The engine is asked once for many. A study that isn't there as FHIR yet is seen by nobody but who
may see all. What is hidden is as if it weren't there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from dicom_gateway.partners import Peer
from dicom_gateway.querying.asking import Asking, caller
from fhirserver.access.principal import Principal
from fhirserver.engine import Engine
from fhirserver.instances import Instances, StudyRow, Wanted

MOST: Final = 500
"""How many ImagingStudies are asked for at once."""


@dataclass(frozen=True)
class Visible:
    """What one caller may see. Made for one request: rights are asked for again by the next.

    `is_unfiled`: also studies without an ImagingStudy. `is_sent`: of a study whether it counts as
    the caller's own, where only these are theirs to see.
    """

    asking: Asking
    is_unfiled: bool = False
    is_sent: Callable[[StudyRow], bool] | None = None
    _known: dict[str, bool] = field(default_factory=dict)
    shown: dict[int, StudyRow] = field(default_factory=dict)
    """The studies that were shown so far, for the record."""

    def of(self, studies: Sequence[StudyRow]) -> list[StudyRow]:
        """Those of some studies that the caller may see, in their order."""
        if self.is_sent is not None:
            studies = [s for s in studies if self.is_sent(s)]
        asked = {s.imaging_study for s in studies if s.imaging_study is not None}
        missing = sorted(asked - self._known.keys())
        for at in range(0, len(missing), MOST):
            some = missing[at : at + MOST]
            pairs = (("_id", ",".join(some)), ("_elements", "id"), ("_count", str(MOST)))
            found = {r["id"] for r in self.asking.search("ImagingStudy", *pairs)}
            self._known.update((id_, id_ in found) for id_ in some)
        seen = [s for s in studies if self._is_seen(s)]
        self.shown.update((s.number, s) for s in seen)
        return seen

    def shows(self, study: StudyRow) -> bool:
        """Whether the caller may see a study."""
        return bool(self.of([study]))

    def _is_seen(self, study: StudyRow) -> bool:
        if study.imaging_study is None:
            return self.is_unfiled
        return self._known[study.imaging_study]


def to_principal(engine: Engine, principal: Principal, *, is_unfiled: bool = False) -> Visible:
    """What a caller of the web may see."""
    return Visible(Asking(engine, principal), is_unfiled)


def to_peer(engine: Engine, peer: Peer, instances: Instances) -> Visible:
    """What a peer may see: `sees` of its entry, within what policies let it."""

    def is_sent(study: StudyRow) -> bool:
        first = instances.instances(Wanted(studies=[study.uid], limit=1))
        return any(i.sender == peer.id for i in first)

    asking = Asking(engine, caller(engine, peer))
    match peer.sees:
        case "all":
            return Visible(asking, is_unfiled=True)
        case "sent":
            return Visible(asking, is_unfiled=True, is_sent=is_sent)
        case _:
            return Visible(asking, is_sent=lambda _: False)
