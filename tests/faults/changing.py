"""Writers that know exactly what they have written, whatever is killed meanwhile.

Each write is conditional: a create on there being none with its identifier, an update on the
version before it. So a write that wasn't answered can be sent again, and is there once.
"""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict

from conformance.faults.client import Lost

SYSTEM = "urn:change"
AT_ONCE = 10
# Nobody is there, or not yet again; a proxy would say 502 for the first.
PASSING = {500, 502, 503}


class Writer(threading.Thread):
    """Writes so many changes for each subscriber, half of them updates of the other half.

    `made` is what each subscriber must hear of: (value of the identifier, version), in order.
    """

    def __init__(self, server, name, *, subscribers, per_subscriber, seed, pause_seconds):
        super().__init__(name=name, daemon=True)
        self.made = defaultdict(list)
        self.repeated = 0
        self.wrong = []
        self._server = server
        self._subscribers = subscribers
        self._per_subscriber = per_subscriber
        self._random = random.Random(f"{seed} {name}")
        self._pause = pause_seconds

    def run(self):
        todo = [n for n in range(self._subscribers) for _ in range(self._per_subscriber // 2)]
        self._random.shuffle(todo)
        with self._server.client(timeout_seconds=30) as client:
            for start in range(0, len(todo), AT_ONCE):
                some = [
                    (n, f"{self.name}-{start + k}") for k, n in enumerate(todo[start:][:AT_ONCE])
                ]
                ids = self._create(client, some)
                if not self.wrong:
                    self._update(client, some, ids)
                if self.wrong:
                    return

    def _create(self, client, some):
        entries = [
            {
                "resource": resource(n, value),
                "request": {
                    "method": "POST",
                    "url": "Basic",
                    "ifNoneExist": f"identifier={SYSTEM}|{value}",
                },
            }
            for n, value in some
        ]
        answer = self._sent(client, entries)
        if self.wrong:
            return []
        return [e["response"]["location"].split("Basic/")[1].split("/")[0] for e in answer]

    def _update(self, client, some, ids):
        entries = [
            {
                "resource": {**resource(n, value), "id": id_, "language": "de"},
                "request": {"method": "PUT", "url": f"Basic/{id_}", "ifMatch": 'W/"1"'},
            }
            for (n, value), id_ in zip(some, ids, strict=True)
        ]
        self._sent(client, entries, done=412)
        for version in 1, 2:
            for n, value in some:
                self.made[n].append((value, version))

    def _sent(self, client, entries, done=0):
        """The answers; `done` is the status that says that an attempt before was successful."""
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        attempt = 0
        while True:
            time.sleep(self._random.uniform(0, 2 * self._pause))
            attempt += 1
            try:
                answer = client.send("POST", "", bundle)
            except Lost:
                time.sleep(0.2)
                continue
            self.repeated += attempt > 1
            if answer.status == 200:
                return answer.json["entry"]
            if answer.status == done and attempt > 1:
                return []
            if answer.status not in PASSING:
                self.wrong.append(f"{answer.status}: {answer.says}")
                return []
            time.sleep(0.2)


def resource(number, value):
    """A resource that the subscriber with that number waits for."""
    return {
        "resourceType": "Basic",
        "identifier": [{"system": SYSTEM, "value": value}],
        "code": {"coding": [{"system": "urn:for", "code": str(number)}]},
    }
