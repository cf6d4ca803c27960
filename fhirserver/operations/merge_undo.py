"""`Patient/$merge-undo`: a merged patient is two again, as far as nothing has been changed since.

An operation of this server's own: no release of the standard has one.
"""

from __future__ import annotations

from typing import Final

from fhirserver.errors import Invalid, Issue
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import allowed_versions
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.merge_inputs import SOURCE, named
from fhirserver.interactions.operating.merging import Party
from fhirserver.interactions.operating.unmerging import Unmerged, unmerge
from fhirserver.interactions.operation import OURS, Call, Parameter, operation
from fhirserver.model.outcome import outcome
from fhirserver.model.parameters import parameters, resource

MOST_NAMED: Final = 500
"""Resources that the outcome names one by one."""


@operation(
    "merge-undo",
    definition=f"{OURS}/Patient-merge-undo",
    levels=["type", "instance"],
    types=["Patient"],
    parameters=[*SOURCE, Parameter("preview", "boolean")],
    right="u",
    affects_state=True,
)
def merge_undo(ctx: Context, call: Call) -> FhirResponse:
    """Restore what the merge of a source changed; say what was changed since and stays."""
    given = named(ctx, call, "source-patient")
    if (given is None) == (call.id is None):
        raise Invalid("$merge-undo needs the patient that was merged: in the address, or as "
                      "source-patient")  # fmt: skip
    versions = allowed_versions(call.request)
    if given is not None and given.version is not None:
        versions = (given.version,)
    source = Party(given.id if given is not None else call.id or "", versions)
    only = call.inputs.is_true("preview")
    made = unmerge(ctx, call.principal, source, only_preview=only)
    return answered(
        parameters(
            [
                resource("outcome", outcome(_issues(made, only=only))),
                resource("source", made.source),
                resource("result", made.target),
            ]
        )
    )


def _issues(made: Unmerged, *, only: bool) -> list[Issue]:
    total = sum(made.restored.values())
    verb = "would be" if only else "were"
    text = f"{total} resources {verb} restored to what they were before the merge"
    issues = [Issue("information", "informational", text)]
    issues += [
        Issue("warning", "conflict", f"{address}: {reason}")
        for address, reason in made.left[:MOST_NAMED]
    ]
    more = len(made.left) - MOST_NAMED
    if more > 0:
        issues.append(Issue("warning", "conflict", f"{more} more resources: changed since"))
    return issues
