"""Workitems in the name of a caller: made, read, changed, claimed, ended, found.

Each is a Task, read and written by the engine with the caller's own rights, and on record as such.
PS3.4 CC.1.1 (state machine); PS3.18 section 11
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from dicom_gateway.mapping import workitems
from dicom_gateway.mapping.attributes import text, values
from dicom_gateway.mapping.dates import full_moment
from dicom_gateway.mapping.identifiers import Source
from dicom_gateway.mapping.patients import claim, logical
from dicom_gateway.mapping.workitems import (
    CANCELED,
    COMPLETED,
    IN_PROGRESS,
    SCHEDULED,
    STATE,
    TRANSACTION,
    Workitem,
    Wrong,
)
from dicom_gateway.matching import How, matching
from dicom_gateway.operating.reconciling import Doubt, patient_of
from dicom_gateway.querying.asking import Asking
from fhirserver import clock
from fhirserver.access.principal import Principal
from fhirserver.audit.event import Origin
from fhirserver.engine import Engine
from fhirserver.errors import (
    Conflict,
    Gone,
    Invalid,
    NotFound,
    PreconditionFailed,
    TooCostly,
    VersionConflict,
)
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model import json
from fhirserver.model.resource import Resource

MOST_LOOKED_AT: Final = 5_000
NEXT: Final[Mapping[str, frozenset[str]]] = {
    SCHEDULED: frozenset({IN_PROGRESS}),
    IN_PROGRESS: frozenset({COMPLETED, CANCELED}),
    COMPLETED: frozenset(),
    CANCELED: frozenset(),
}
_ENDED: Final = frozenset({COMPLETED, CANCELED})


@dataclass(frozen=True, slots=True)
class Workitems:
    """The workitems that a caller may see; `origin` is where they call from, for the record."""

    engine: Engine
    principal: Principal
    origin: Origin

    def create(self, uid: str, model: Any) -> None:
        """Make one. Raises Invalid, Conflict."""
        try:
            made = workitems.new(uid, workitems.checked(model), _now())
        except Wrong as error:
            raise Invalid(str(error)) from error
        started = full_moment(
            text(made, "00404005"), ZoneInfo(self.engine.context.settings.time_zone)
        )
        task = workitems.task_of(uid, made, SCHEDULED, self._subject(made), started)
        try:
            self._put(task, must_be_new=True)
        except (PreconditionFailed, VersionConflict, Conflict) as error:
            raise Conflict("there is a workitem with this UID") from error

    def read(self, uid: str) -> Workitem:
        """One. Raises NotFound."""
        return workitems.workitem_of(self._task(uid))

    def update(self, uid: str, changes: Any, transaction: str | None) -> None:
        """Change attributes of one. Raises NotFound, Invalid, Conflict."""
        task = self._task(uid)
        state = workitems.state_of(task)
        if state in _ENDED:
            raise Invalid(f"the workitem is {state}: it can't be changed any more")
        if state == IN_PROGRESS:
            self._check_claim(task, transaction)
        elif transaction is not None:
            raise Invalid("the workitem isn't claimed: leave the Transaction UID out")
        try:
            made = workitems.updated(
                workitems.workitem_of(task), workitems.checked(changes), _now()
            )
        except Wrong as error:
            raise Invalid(str(error)) from error
        self._change(task, workitems.changed(task, made, state))

    def change_state(self, uid: str, wanted: Any) -> bool:
        """Claim, complete or cancel one; False where it was in that state before.

        Raises NotFound, Invalid, Conflict.
        """
        task = self._task(uid)
        try:
            asked = workitems.checked(wanted)
        except Wrong as error:
            raise Invalid(str(error)) from error
        state, following = workitems.state_of(task), text(asked, STATE)
        if following not in {IN_PROGRESS, COMPLETED, CANCELED}:
            raise Invalid(f"the new state is {IN_PROGRESS}, {COMPLETED} or {CANCELED}")
        transaction = text(asked, TRANSACTION)
        if not transaction:
            raise Invalid("the Transaction UID is missing")
        if state == IN_PROGRESS or state in _ENDED:
            self._check_claim(task, transaction)
        if state == following and state in _ENDED:
            return False
        if following not in NEXT[state]:
            raise Conflict(f"a workitem that is {state} can't become {following}")
        model = workitems.workitem_of(task)
        if following == COMPLETED:
            try:
                workitems.check_complete(model)
            except Wrong as error:
                raise Conflict(str(error)) from error
        key = workitems.key_of(transaction) if following == IN_PROGRESS else None
        self._change(task, workitems.changed(task, model, following, key))
        return True

    def request_cancellation(self, uid: str, asked: Any) -> bool:
        """Cancel one that nobody has begun; False where it is cancelled. Raises Conflict."""
        task = self._task(uid)
        try:
            told = workitems.checked(asked)
        except Wrong as error:
            raise Invalid(str(error)) from error
        state = workitems.state_of(task)
        if state == CANCELED:
            return False
        if state != SCHEDULED:
            raise Conflict(
                "the workitem is completed"
                if state == COMPLETED
                else "the workitem is in progress, and its performer can't be told from here"
            )
        model = {**workitems.workitem_of(task)}
        if reason := text(told, workitems.CANCELLATION):
            model[workitems.CANCELLATION] = {"vr": "LT", "Value": [reason]}
        self._change(task, workitems.changed(task, model, CANCELED))
        return True

    def search(self, keys: Workitem, offset: int, limit: int) -> list[Workitem]:
        """Those that meet keys, the latest changed first. Raises Invalid, TooCostly."""
        self.principal.require("s", "Task")
        try:
            meets = matching(keys, How(is_combined=True))
        except ValueError as error:
            raise Invalid("a value of the query can't be read") from error
        found = (w for w in self._all(keys) if meets(w))
        return list(islice(found, offset, offset + limit))

    def _all(self, keys: Workitem) -> Iterator[Workitem]:
        pairs = [("code", f"{workitems.KINDS}|workitem"), ("_sort", "-_lastUpdated")]
        pairs.append(("_count", "200"))
        if states := [str(v) for v in values(keys, STATE)]:
            statuses = workitems.statuses_of(states)
            if not statuses:
                return
            pairs.append(("status", ",".join(statuses)))
        if uids := [str(v) for v in values(keys, "00080018")]:
            pairs.append(("_id", ",".join(map(workitems.task_id, uids))))
        for number, task in enumerate(Asking(self.engine, self.principal).search("Task", *pairs)):
            if number >= MOST_LOOKED_AT:
                raise TooCostly("too many workitems: search for a state, such as SCHEDULED")
            yield workitems.workitem_of(task)

    def _task(self, uid: str) -> Resource:
        asked = FhirRequest(
            "read",
            self.principal,
            type="Task",
            id=workitems.task_id(uid),
            origin=self.origin,
        )
        try:
            task = json.parse_object(self.engine.handle(asked).content or b"{}")
        except (NotFound, Gone) as error:
            raise NotFound("there is no such workitem") from error
        if not workitems.is_workitem(task):
            raise NotFound("there is no such workitem")
        return task

    def _check_claim(self, task: Resource, transaction: str | None) -> None:
        if not transaction:
            raise Invalid("the workitem is claimed: the Transaction UID is missing")
        if workitems.key_of(transaction) != workitems.claim_of(task):
            raise Invalid("the Transaction UID isn't that of who has claimed the workitem")

    def _subject(self, model: Workitem) -> Resource:
        """The Patient whom a workitem names, if all agrees; else only what it says."""
        claimed = claim(
            model, Source(patient_system=self.engine.context.settings.dicom_patient_system)
        )
        found = patient_of(self.engine, claimed)
        if isinstance(found, Doubt):
            return logical(claimed)
        return {"reference": f"Patient/{found['id']}"}

    def _change(self, task: Resource, made: Resource) -> None:
        try:
            self._put(made, version=task["meta"]["versionId"])
        except VersionConflict as error:
            raise Conflict("somebody else has changed the workitem: read it again") from error

    def _put(self, task: Resource, *, version: str = "", must_be_new: bool = False) -> None:
        self.engine.handle(
            FhirRequest(
                "update",
                self.principal,
                type="Task",
                id=task["id"],
                body=task,
                if_match=f'W/"{version}"' if version else None,
                if_none_match="*" if must_be_new else None,
                prefer_return="minimal",
                origin=self.origin,
            )
        )


def _now() -> str:
    return clock.now().strftime("%Y%m%d%H%M%S%z")
