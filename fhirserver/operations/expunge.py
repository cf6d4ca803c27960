"""$expunge: old versions of a resource, or a deleted resource, are removed for good.

The server's own operation, with the parameters that HAPI FHIR's has. Nobody can undo it, so it is
off by default, and takes a token that speaks for a system.
"""

from __future__ import annotations

import logging

from fhirserver.errors import Conflict, Forbidden, Invalid, Issue, NotFound
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operation import ANY, OURS, Call, Parameter, operation
from fhirserver.interactions.recording import note_change, on_record
from fhirserver.interactions.rights import RECORD, refuse_change_of_record
from fhirserver.model.parameters import parameters, value
from fhirserver.search.hashing import reference_self
from fhirserver.storage.dicom_removing import erase_of_owner
from fhirserver.storage.expunging import remove_all, remove_history
from fhirserver.storage.holding import lock_current
from fhirserver.storage.keys import destroy_of_owner

log = logging.getLogger(__name__)


@operation(
    "expunge",
    definition=f"{OURS}/Resource-expunge",
    levels=["instance"],
    types=[ANY],
    parameters=[
        Parameter("expungeDeletedResources", "boolean"),
        Parameter("expungePreviousVersions", "boolean"),
    ],
    right="d",
    affects_state=True,
)
def expunge(ctx: Context, call: Call) -> FhirResponse:
    assert call.type is not None
    assert call.id is not None
    if call.type == RECORD:
        refuse_change_of_record()
    if not ctx.settings.allow_expunge:
        raise Forbidden("$expunge is switched off: the setting FHIRSERVER_ALLOW_EXPUNGE allows it")
    if not call.principal.may("d", call.type, context="system"):
        raise Forbidden(f"$expunge needs a scope such as system/{call.type}.d, not of a user")
    everything = call.inputs.is_true("expungeDeletedResources")
    if not (everything or call.inputs.is_true("expungePreviousVersions")):
        text = "$expunge needs expungeDeletedResources or expungePreviousVersions to be true"
        raise Invalid(issues=[Issue("error", "required", text)])
    with ctx.store.database.transaction() as connection, on_record(connection):
        held = lock_current(connection, ctx.store.guard, call.type, [call.id]).get(call.id)
        if held is None or not held.is_there:
            raise NotFound(f"{call.type}/{call.id} doesn't exist")
        if not held.may_delete:
            raise Forbidden(f"you may not delete {call.type}/{call.id}")
        there = held.version
        if not everything:
            count = remove_history(connection, call.type, there.key, there.version)
        elif there.is_deleted:
            count = remove_all(connection, call.type, there.key)
            # Of a patient, all that was sealed as theirs goes with the key.
            owner = reference_self(call.type, call.id)
            destroy_of_owner(connection, owner)
            erase_of_owner(connection, owner)
        else:
            raise Conflict(f"{call.type}/{call.id} isn't deleted: delete it first")
        note_change("delete", call.type, call.id, None, there.content)
    ctx.store.sealing.forget()
    log.info("expunged", extra={"type": call.type, "id": call.id, "versions": count})
    return answered(parameters([value("count", "integer", count)]))
