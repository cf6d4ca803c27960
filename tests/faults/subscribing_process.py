"""A process that tells subscribers, as `fhirserver worker` does, and tries again sooner.

python -m tests.faults.subscribing_process DATABASE_URL KEY_FILE DATA_DIR
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from fhirserver import queues
from fhirserver.app import open_engine
from fhirserver.reactions.running import Running
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from fhirserver.subscriptions.reaction import reaction


def main(url: str, key_file: str, data_dir: str) -> None:
    settings = Settings(
        database_url=url,
        key_file=Path(key_file),
        data_dir=Path(data_dir),
        allow_local_addresses=True,
        subscription_attempts=1000,
        subscription_timeout_seconds=2.0,
    )
    # An hour's pauses would make the test long.
    queues.LONGEST_DELAY = 2.0  # type: ignore[misc]
    database = Database(url)
    Running(database, [reaction(open_engine(settings, database))]).start()
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
