"""What the services of associations work with."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from dicom_gateway.dimse.caller import Caller
from dicom_gateway.partners import Directory
from fhirserver import ids
from fhirserver.audit.recorder import Recorder
from fhirserver.engine import Engine
from fhirserver.instances import Instances
from fhirserver.queues import Database
from fhirserver.settings import Settings


@dataclass(frozen=True)
class Gateway:
    """The server behind the associations. The engine is opened when it is first asked for."""

    settings: Settings
    database: Database
    instances: Instances
    directory: Directory
    recorder: Recorder
    caller: Caller
    open_engine: Callable[[], Engine]
    id: str = field(default_factory=ids.new)
    """Of this process, while it lives."""
    commitments_due: threading.Event = field(default_factory=threading.Event)
    """Set when a question of storage commitment has come."""

    @functools.cached_property
    def engine(self) -> Engine:
        """FHIR."""
        return self.open_engine()
