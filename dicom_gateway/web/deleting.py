"""DELETE of a study, a series or an instance: for good, from the record and the disk.

Who may delete the study's ImagingStudy may do that; the worker puts that right afterwards. What a
sender was promised to be kept (storage commitment) goes only with a reason, which is on record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, Response, request

from dicom_gateway.operating.on_record import Kind
from dicom_gateway.web.counter import Counter, Done, not_here
from dicom_gateway.web.levels import Address, named
from fhirserver.access.principal import Principal
from fhirserver.errors import Conflict, Invalid
from fhirserver.instances import Promised

REASONS: Final[Mapping[str, str]] = {
    "113001": "Rejected for Quality Reasons",
    "113037": "Rejected for Patient Safety Reasons",
    "113038": "Incorrect Modality Worklist Entry",
    "113039": "Data Retention Policy Expired",
}
"""Why images are rejected: PS3.16 CID 7011, IHE RAD TF-1 Imaging Object Change Management."""
_NO_CONTENT: Final = 204


def add_to(made: Blueprint, counter: Counter) -> None:
    """Add the addresses."""

    @made.delete("/studies/<study>")
    def dicom_delete_study(study: str) -> Response:
        return _serve(counter, Address(study))

    @made.delete("/studies/<study>/series/<series>")
    def dicom_delete_series(study: str, series: str) -> Response:
        return _serve(counter, Address(study, series))

    @made.delete("/studies/<study>/series/<series>/instances/<instance>")
    def dicom_delete_instance(study: str, series: str, instance: str) -> Response:
        return _serve(counter, Address(study, series, instance))


def _serve(counter: Counter, address: Address) -> Response:
    def act(principal: Principal) -> Done:
        study, _ = named(counter, principal, address)
        counter.require_change(principal, study, "d")
        reason = _reason()
        try:
            removed = counter.instances.delete(
                address.study, address.series, address.instance, with_promised=reason is not None
            )
        except Promised as error:
            raise Conflict(
                f"senders were promised that {error.instances} of these instances are kept "
                "(storage commitment): to remove them all the same, give the reason as "
                f"?reason= and one of {', '.join(REASONS)}"
            ) from error
        if removed is None:
            raise not_here()
        return Done(Response(status=_NO_CONTENT), [study], note=reason)

    kind: Kind = "dicom-delete-study" if address.series is None else "dicom-access"
    return counter.serve("delete", "d", "D", act, kind)


def _reason() -> str | None:
    told = request.args.get("reason")
    if told is None:
        return None
    if told not in REASONS:
        raise Invalid(f"the reason is one of {', '.join(REASONS)}")
    return f"{told} {REASONS[told]}"
