"""Studies that have changed become, or update, their ImagingStudy once their images have come.

A study is taken on when it has been quiet for a moment, so that a burst is one version; one that
never gets quiet is taken on all the same from time to time.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Final

from dicom_gateway.operating.combining import Outdated
from dicom_gateway.operating.in_step import InStep
from dicom_gateway.operating.opening import open_in_step
from fhirserver import clock
from fhirserver.engine import Engine
from fhirserver.instances import TOPIC
from fhirserver.queues import Item, Later
from fhirserver.reactions import Reaction, Worker, reactions

LONGEST: Final = timedelta(seconds=30)
AGAIN_SECONDS: Final = 0.2


@reactions.register("dicom.studies")
def reaction(engine: Engine) -> Reaction:
    """Studies that have changed, each in its own lane."""
    in_step = open_in_step(engine)
    quiet = timedelta(seconds=engine.context.settings.dicom_quiet_seconds)

    def act(item: Item) -> None:
        react(in_step, item, quiet)

    # A study isn't given up: it waits until what keeps it from being stored is put right.
    return Reaction(workers=[Worker(TOPIC, act, threads=2, most_attempts=sys.maxsize)])


def react(in_step: InStep, item: Item, quiet: timedelta) -> None:
    """Do what one change of a study asks for. Raises Later while its images are coming."""
    uid = str(item.content["study"])
    if "imagingStudy" in item.content:
        in_step.end(uid, item.content["imagingStudy"])
        return
    changed = in_step.instances.changed(uid)
    if changed is None:
        return
    now = clock.now()
    left = changed.updated + quiet - now
    if left > timedelta(0) and now < changed.since + LONGEST:
        raise Later("images are coming", left.total_seconds(), is_attempt=False)
    try:
        in_step.keep(uid)
    except Outdated:
        raise Later("somebody has moved the study", AGAIN_SECONDS, is_attempt=False) from None
    if not in_step.instances.settle(uid, changed.changes):
        raise Later("more images came", quiet.total_seconds(), is_attempt=False)
