"""A process that reacts as `fhirserver worker` does, and writes down what it is called for.

    python -m tests.faults.reacting_process DATABASE_URL KEY_FILE RECORD

The deed is a line in a file, so that a test sees each call, and dies between it and its being done.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

from fhirserver.app import open_engine
from fhirserver.reactions.running import Running
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from fhirserver.workflows.occasion import Occasion
from fhirserver.workflows.reaction import reaction_of
from fhirserver.workflows.registering import Workflow

# So long a test waits for what a dead process had taken on.
LEASE_SECONDS = 4.0


def main(url: str, key_file: str, record: str) -> None:
    settings = Settings(database_url=url, key_file=Path(key_file))
    database = Database(url)
    file = os.open(record, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def act(occasion: Occasion) -> None:
        time.sleep(random.uniform(0, 0.004))
        os.write(file, f"{occasion.change.id} {occasion.change.version}\n".encode())

    reaction = reaction_of(
        open_engine(settings, database),
        {"record": Workflow("record", frozenset(["Basic"]), act)},
        {},
    )
    workers = [replace(w, lease_seconds=LEASE_SECONDS) for w in reaction.workers]
    Running(database, [replace(reaction, workers=workers)]).start()
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
