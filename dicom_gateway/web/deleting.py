"""DELETE of a study, a series or an instance: for good, from the record and the disk.

Who may delete the study's ImagingStudy may do that; the worker puts that right afterwards.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from flask import Blueprint, Response

from dicom_gateway.operating.on_record import Kind
from dicom_gateway.web.counter import TYPE, Counter, Done, not_here
from dicom_gateway.web.levels import Address, named
from fhirserver.access.access import Access
from fhirserver.access.principal import Principal
from fhirserver.errors import FhirError, Forbidden
from fhirserver.instances import StudyRow
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest

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
        _check(counter, principal, study)
        removed = counter.instances.delete(address.study, address.series, address.instance)
        if removed is None:
            raise not_here()
        return Done(Response(status=_NO_CONTENT), [study])

    kind: Kind = "dicom-delete-study" if address.series is None else "dicom-access"
    return counter.serve("delete", "d", "D", act, kind)


def _check(counter: Counter, principal: Principal, study: StudyRow) -> None:
    """Raise Forbidden unless a policy lets the caller delete this very ImagingStudy."""
    if study.imaging_study is None:
        return  # Only systems with all rights got as far as this.
    deletable = replace(
        principal, given_access=Access(lambda kind, _right: principal.access.allowed(kind, "d"))
    )
    ctx = counter.engine.seen_by(deletable)
    try:
        interactions["read"](ctx, FhirRequest("read", principal, type=TYPE, id=study.imaging_study))
    except FhirError as error:
        raise Forbidden("none of your access policies allows you to delete this study") from error
