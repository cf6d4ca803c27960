"""Where DICOMweb is served: who asks, may they, and it is on record.

A study is its ImagingStudy's: who may read that may have the study, and nobody else learns that it
is there. Every request asks anew.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from flask import Response, request

from dicom_gateway.datasets import is_uid
from dicom_gateway.operating.on_record import Kind, of_studies
from dicom_gateway.querying.visible import Visible, to_principal
from dicom_gateway.rendering.limits import NoSuchFrame, Overloaded, Undecodable
from dicom_gateway.rendering.studio import Studio
from fhirserver.access.access import Access, Right
from fhirserver.access.compile import Granted
from fhirserver.access.principal import Principal
from fhirserver.audit.calling import called
from fhirserver.audit.event import Action
from fhirserver.engine import Engine
from fhirserver.errors import FhirError, Forbidden, Invalid, NotAcceptable, NotFound, Unavailable
from fhirserver.instances import Instances, StudyRow
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest
from fhirserver.settings import Settings
from fhirserver.web.administration.admission import Desk
from fhirserver.web.origin import origin

TYPE: Final = "ImagingStudy"
_HEAVY: Final = frozenset({"search", "wrap"})
"""What may take long in this process; decoding has its own limit, and streams only wait."""
_NOT_HERE: Final = "there is no such study, series or instance"
_NOT_THEIRS: Final = "it is no study of the patient whose chart was launched, or none at all"


@dataclass(frozen=True, slots=True)
class Done:
    """An answer, and what of it goes on record."""

    response: Response
    studies: Sequence[StudyRow] = ()
    patients: Sequence[str] = ()
    """Ids of Patients beside those of the studies."""
    note: str | None = None
    """Why it was done."""


Act = Callable[[Principal], Done]


@dataclass(frozen=True, slots=True)
class Counter:
    """What the addresses work with."""

    desk: Desk
    instances: Instances
    studio: Studio

    @property
    def engine(self) -> Engine:
        return self.desk.engine

    @property
    def settings(self) -> Settings:
        return self.engine.context.settings

    @property
    def base(self) -> str:
        """The address of DICOMweb."""
        return self.settings.fhir_base.removesuffix("/fhir") + "/dicom-web"

    def serve(
        self,
        name: str,
        right: Right,
        action: Action,
        act: Act,
        kind: Kind = "dicom-access",
        types: Sequence[str] = (TYPE,),
    ) -> Response:
        """Carry out a request, `dicom-NAME` on record, if its caller has the right.

        It is enough to have it on one of the types.
        """
        request.environ["fhirserver.interaction"] = f"dicom-{name}"
        principal = self.desk.principal_of(request.headers.get("Authorization"))
        self.desk.admit(principal, is_heavy=name in _HEAVY)
        event = called(principal, f"dicom-{name}", origin())
        try:
            if not any(principal.may(right, one) for one in types):
                principal.require(right, types[0])
            done = _told(act, principal)
        except FhirError as error:
            failed = called(principal, f"dicom-{name}", origin(), error=error)
            self.desk.recorder.add(replace(failed, subtype=kind, action=action))
            raise
        event = of_studies(event, kind, action, done.studies)
        if kind == "dicom-query":
            event = replace(event, query=base64.b64encode(request.query_string).decode() or None)
        event = replace(event, reason=done.note)
        if done.patients:
            patients = dict.fromkeys([*event.patients, *done.patients])
            event = replace(event, patients=tuple(patients))
        self.desk.recorder.add(event)
        done.response.headers.setdefault("Cache-Control", "no-store")
        done.response.headers["X-Content-Type-Options"] = "nosniff"
        return done.response

    def study(self, principal: Principal, uid: str) -> StudyRow:
        """A study that the caller may read. Raises NotFound, Forbidden.

        With the context of a patient's chart all other studies are refused alike, be they somebody
        else's, hidden or not there. https://build.fhir.org/ig/argonautproject/smart-imaging/
        """
        checked(uid)
        found = self.instances.study(uid)
        if found is None or not self.is_seen(principal, found):
            if principal.patient is not None:
                raise Forbidden(_NOT_THEIRS)
            raise NotFound(_NOT_HERE)
        return found

    def visible(self, principal: Principal) -> Visible:
        """Which studies the caller finds."""
        return to_principal(self.engine, principal, is_unfiled=_is_whole(principal))

    def is_seen(self, principal: Principal, study: StudyRow) -> bool:
        """Whether the caller may read a study."""
        if study.imaging_study is None:
            return _is_whole(principal)
        return self._reads(principal, principal, study.imaging_study)

    def require_change(
        self, principal: Principal, study: StudyRow, right: Literal["u", "d"]
    ) -> None:
        """Raise Forbidden unless a policy lets the caller change or delete this very study."""
        if study.imaging_study is None:
            return  # Only systems with all rights got as far as this.
        # Who may read what they may change are those who may change it.
        as_right = replace(
            principal,
            given_access=Access(lambda kind, _right: principal.access.allowed(kind, right)),
        )
        if not self._reads(principal, as_right, study.imaging_study):
            word = "delete" if right == "d" else "change"
            raise Forbidden(f"none of your access policies allows you to {word} this study")

    def _reads(self, principal: Principal, seen_by: Principal, id_: str) -> bool:
        """Whether an ImagingStudy can be read with the rights of `seen_by`."""
        asked = FhirRequest("read", principal, type=TYPE, id=id_)
        try:
            interactions["read"](self.engine.seen_by(seen_by), asked)
        except FhirError as error:
            if error.status in {403, 404, 410}:
                return False
            raise
        return True


def not_here() -> NotFound:
    """What is said of everything that isn't there, or is hidden."""
    return NotFound(_NOT_HERE)


def checked(uid: str) -> str:
    """A UID of an address. Raises Invalid."""
    if not is_uid(uid):
        raise Invalid("a UID has up to 64 digits and dots: the address has something else there")
    return uid


def _is_whole(principal: Principal) -> bool:
    """A system with rights to everything, by no policy: it sees what isn't FHIR yet, too."""
    is_ours = principal.user is None and not isinstance(principal.access, Granted)
    return is_ours and principal.may("r", None, context="system")


def _told(act: Act, principal: Principal) -> Done:
    try:
        return act(principal)
    except NoSuchFrame as error:
        raise NotFound("the instance has no such frame") from error
    except Undecodable as error:
        raise NotAcceptable(str(error)) from error
    except Overloaded as error:
        raise Unavailable("other images are being decoded: try again in a moment") from error
