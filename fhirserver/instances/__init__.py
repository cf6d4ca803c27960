"""The record of DICOM instances: a side door for the gateway, over storage and files.

    upload = instances.begin()                  # a sealed file that nobody sees
    upload.write(head); upload.dataset_begins(); upload.write(dataset); upload.close()
    (kept,) = instances.keep([Arrival(upload, facts, sender="ct-1", caller="CT1")])
    # now it is on the disk and committed: it may be answered with success
    for piece in instances.read(instances.instance(uid)): ...

What is stored is what came, never rewritten. Files are sealed, each with a key of its own, which is
sealed with the data key of its study; what they are found by lies in clear in the database, as FHIR
resources do.
"""

from fhirserver.instances.facts import Arrival, Facts, Kept, Keys, Source, State
from fhirserver.instances.opening import open_instances
from fhirserver.instances.record import Condition, Instances, Make
from fhirserver.instances.sweeping import Swept
from fhirserver.instances.upload import Upload
from fhirserver.storage.dicom_commitments import Commitment
from fhirserver.storage.dicom_conflicts import ConflictRow
from fhirserver.storage.dicom_keeping import TOPIC
from fhirserver.storage.dicom_removing import Promised, Removed
from fhirserver.storage.dicom_rows import InstanceRow, SeriesRow, StudyRow
from fhirserver.storage.dicom_standing import Changed, Totals, any_study, totals
from fhirserver.storage.dicom_wanted import COLUMNS, Between, Exact, Like, Match, Wanted

__all__ = [
    "COLUMNS", "TOPIC", "Arrival", "Between", "Changed", "Commitment", "Condition", "ConflictRow",
    "Exact", "Facts", "InstanceRow", "Instances", "Kept", "Keys", "Like", "Make", "Match",
    "Promised", "Removed", "SeriesRow", "Source", "State", "StudyRow", "Swept", "Totals", "Upload",
    "Wanted", "any_study", "open_instances", "totals",
]  # fmt: skip
