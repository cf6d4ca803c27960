"""The orders that a study was made for, and the procedure step that made it.

First found: the order whose Study Instance UID it is (the worklist gives each its own), the order
with that UID as identifier, those with one of its accession numbers. An accession number whose
system isn't known is looked for among the orders of that patient only.
IHE RAD TF-2 4.6 (Worklist), TF-1 3 (Scheduled Workflow)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dicom_gateway.mapping.attributes import items, uid
from dicom_gateway.mapping.identifiers import DICOM_UID, Source, literal
from dicom_gateway.mapping.imaging_study import accessions
from dicom_gateway.mapping.order_uids import request_id
from dicom_gateway.mapping.studies import Study
from fhirserver.engine import Engine
from fhirserver.model.resource import Resource
from fhirserver.reactions.looking import looked_up


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders of a patient that a study belongs to; `strangers` are other patients' ids whose
    order it names: then nobody can tell whose it is.
    """

    orders: tuple[Resource, ...] = ()
    strangers: tuple[str, ...] = ()
    based_on: list[Resource] = field(default_factory=list, hash=False)

    @property
    def encounter(self) -> Resource | None:
        """The stay or visit that the first order belongs to."""
        return next((o["encounter"] for o in self.orders if "encounter" in o), None)


def orders_of(engine: Engine, study: Study, source: Source, patient: str) -> Orders:
    """The orders that a study of this patient belongs to."""
    ours = f"Patient/{patient}"
    found: dict[str, Resource] = {}
    strangers: dict[str, None] = {}
    for order in _named(engine, study, source, ours):
        subject = order.get("subject", {}).get("reference", "")
        if subject == ours:
            found[order["id"]] = order
        elif subject.startswith("Patient/"):
            strangers[subject.removeprefix("Patient/")] = None
    based_on = [{"reference": f"ServiceRequest/{id_}"} for id_ in found]
    return Orders(tuple(found.values()), tuple(strangers), based_on)


def _named(engine: Engine, study: Study, source: Source, patient: str) -> Iterator[Resource]:
    of_uid = request_id(study.uid)
    if of_uid is not None:
        yield from looked_up(engine, "ServiceRequest", ("_id", of_uid))
    as_identifier = f"{DICOM_UID}|urn:oid:{study.uid}"
    yield from looked_up(engine, "ServiceRequest", ("identifier", as_identifier))
    for number in accessions(study, source):
        if number.system:
            yield from looked_up(engine, "ServiceRequest", ("identifier", number.search))
        else:
            yield from looked_up(
                engine, "ServiceRequest",
                ("identifier", literal(number.value)), ("subject", patient),
            )  # fmt: skip


def procedure_of(engine: Engine, study: Study, patient: str) -> Resource | None:
    """The Procedure that a performed procedure step (MPPS) of the images is kept as."""
    for series in study.series:
        for step in items(series.keys, "00081111"):
            known = uid(step, "00081155")
            if not known:
                continue
            query = (("identifier", f"{DICOM_UID}|urn:oid:{known}"),
                     ("subject", f"Patient/{patient}"))  # fmt: skip
            for procedure in looked_up(engine, "Procedure", *query):
                return {"reference": f"Procedure/{procedure['id']}"}
    return None
