"""Every process is killed while changes flow to subscribers, some of them slow and some failing.

None is lost, none comes out of order, and what comes twice has the same number.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import time
from collections import defaultdict

import psutil
import pytest

from conformance.faults.server import running, wait_until
from fhirserver.cli.commands import web
from tests.faults.changing import Writer
from tests.peers.subscriber import subscriber

SUBSCRIBERS = 20
# One more, which says that it is gone for good.
GONE = SUBSCRIBERS
WRITERS = 4
SETTINGS = {
    "FHIRSERVER_ALLOW_LOCAL_ADDRESSES": "true",
    "FHIRSERVER_SUBSCRIPTION_TIMEOUT_SECONDS": "2",
}
# So long everything together may take on a machine that does other things as well.
SECONDS = 1500.0
# And so long one that was killed may take to be there again.
BACK_SECONDS = 180.0


class Second:
    """A second `fhirserver worker`, beside that of `up`; started again whenever it has ended."""

    def __init__(self, server):
        self._server = server
        self._start()

    def _start(self):
        ours = {k: v for k, v in os.environ.items() if not k.startswith("FHIRSERVER_")}
        self.process = subprocess.Popen(
            [*(sys.executable, "-m", "fhirserver", "worker"), "--data-dir", self._server.data_dir],
            env=ours | self._server.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self):
        self.process.kill()

    def keep(self):
        if self.process.poll() is not None:
            self._start()

    def stop(self):
        self.process.kill()
        self.process.wait()


def role(server, name):
    """The process of `fhirserver NAME` that `up` has started."""
    (found,) = [p for p in children(server) if p.cmdline()[-1:] == [name]]
    return found


def children(server):
    return psutil.Process(server.up.pid).children()


def valkey(server):
    (found,) = [p for p in children(server) if "valkey-server" in " ".join(p.cmdline())]
    return found


def web_master(server):
    (found,) = [p for p in children(server) if web.FACTORY in p.cmdline()]
    return found


# Each relay is a thread of a worker, so it dies with it.
VICTIMS = {
    "worker": lambda server, chance: role(server, "worker"),
    "beat": lambda server, chance: role(server, "beat"),
    "broker": lambda server, chance: valkey(server),
    "web server": lambda server, chance: web_master(server),
    "web process": lambda server, chance: chance.choice(server.web_workers()),
    "PostgreSQL": lambda server, chance: server.postmaster(),
    "a backend of PostgreSQL": lambda server, chance: chance.choice(server.backends()),
}


def kill(server, second, name, chance):
    """Kill -9; whether it was there to be killed."""
    if name == "second worker":
        second.kill()
        return True
    with contextlib.suppress(psutil.Error, OSError, ValueError, IndexError):
        VICTIMS[name](server, chance).kill()
        return True
    return False


def killing(server, second, writers, rounds, seed):
    """Kill each kind once a round, in any order, as long as there is something being written."""
    chance = random.Random(f"{seed} kills")
    done = defaultdict(int)
    for n in range(rounds):
        names = [*VICTIMS, "worker", "second worker"]
        chance.shuffle(names)
        for name in names:
            pause(second, chance.uniform(0.5, 4.0))
            ends = time.monotonic() + BACK_SECONDS
            while not kill(server, second, name, chance):
                pause(second, 0.2)
                assert time.monotonic() < ends, f"there is no {name} to be killed"
                assert server.up.poll() is None, f"`fhirserver up` has ended: {server.last_words()}"
            done[name] += 1
            assert any(w.is_alive() for w in writers), f"all is written in round {n}"
    return done


def pause(second, seconds):
    time.sleep(seconds)
    second.keep()


class Difficult:
    """How the subscribers answer: 0 to 4 fail now and then, 5 is down for seconds on end, 6 to 8 are
    slow, 9 sometimes takes it without a word; the last is gone."""

    def __init__(self, seed):
        self._chance = random.Random(f"{seed} answers")

    def __call__(self, arrived):
        number, chance = int(arrived.path.split("/")[1]), self._chance.random()
        if number < 5 and chance < 0.05:
            return 500
        if number == 5 and time.monotonic() % 20 < 4:
            return 503
        if 6 <= number < 9:
            time.sleep(0.1 * chance)
        if number == 9 and chance < 0.01:
            time.sleep(2.5)
        return 410 if number == GONE else 200


def subscribe(server, peer):
    """The id of the subscription of the one that is gone."""
    with server.client() as client:
        for n in range(SUBSCRIBERS + 1):
            answer = client.send("POST", "Subscription", subscription(peer.address, n))
            assert answer.status == 201, answer.says
    return answer.json["id"]


def subscription(address, number):
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "a test",
        "criteria": f"Basic?code=urn:for|{number}",
        "channel": {
            "type": "rest-hook",
            "endpoint": f"{address}/{number}",
            "payload": "application/fhir+json",
        },
    }


def heard(arrived):
    """What each subscriber was sent, in the order in which it came: numbers and versions."""
    found = defaultdict(list)
    for each in sorted(arrived, key=lambda a: a.when):
        if each.path.startswith(f"/{GONE}"):
            continue
        change = change_of(json.loads(each.raw))
        found[int(each.path.split("/")[1])].append((each.number, change))
    return found


def numbers(peer):
    """Which events have come, of those who are there."""
    paths = [(a.path.split("/")[1], a.number) for a in list(peer.arrived)]
    return {(n, number) for n, number in paths if int(n) != GONE}


def assert_promise(writers, arrived):
    """Returns how many came again."""
    again = 0
    for n, sent in heard(arrived).items():
        first: dict[int, tuple[str, int]] = {}
        last = 0
        for number, change in sent:
            assert first.setdefault(number, change) == change, "a number is always the same change"
            # The next one, or the last one again.
            assert number in {last, last + 1}, (n, last, number)
            last = number
        assert list(first) == list(range(1, len(first) + 1)), "without gaps"
        assert len(set(first.values())) == len(first), "a change has one number"
        assert_all_in_order(writers, n, list(first.values()))
        again += len(sent) - len(first)
    return again


def kept(server, subscription):
    """What one that gets nothing can ask for, in order."""
    found = []
    with server.client() as client:
        assert client.send("GET", f"Subscription/{subscription}").json["status"] == "error"
        while True:
            since = f"eventsSinceNumber={len(found) + 1}&content=full-resource"
            answer = client.send("GET", f"Subscription/{subscription}/$events?{since}")
            assert answer.status == 200, answer.says
            some = [e["resource"] for e in answer.json["entry"]]
            some = [change_of(r) for r in some if r["resourceType"] == "Basic"]
            if not some:
                return found
            found += some


def change_of(basic):
    return basic["identifier"][0]["value"], int(basic["meta"]["versionId"])


def assert_all_in_order(writers, number, changes):
    for writer in writers:
        own = [c for c in changes if c[0].startswith(f"{writer.name}-")]
        assert own == writer.made[number], "all of them, in the order in which they were written"
    assert len(changes) == sum(len(w.made[number]) for w in writers)


def flow(*, changes, rounds, pause_seconds, seed):
    print(f"seed {seed}")
    # An even number, rounded up: each resource is created and updated.
    per_writer = 2 * -(-changes // (2 * SUBSCRIBERS * WRITERS))
    began = time.monotonic()
    with running(**SETTINGS) as server, subscriber() as peer:
        peer.answer = Difficult(seed)
        # Before everything has begun, a part that can't start ends all.
        log = server.data_dir.with_name(f"{server.data_dir.name}.log")
        wait_until(lambda: "the server is ready" in log.read_text(), SECONDS, "all has begun")
        gone = subscribe(server, peer)
        second = Second(server)
        writers = [
            Writer(
                server,
                f"w{n}",
                subscribers=SUBSCRIBERS + 1,
                per_subscriber=per_writer,
                seed=seed,
                pause_seconds=pause_seconds,
            )
            for n in range(WRITERS)
        ]
        try:
            started = time.monotonic()
            for writer in writers:
                writer.start()
            done = killing(server, second, writers, rounds, seed)
            killed = time.monotonic()
            for writer in writers:
                writer.join(SECONDS)
            written = time.monotonic()
            assert [w for writer in writers for w in writer.wrong] == []
            expected = sum(len(w.made[n]) for w in writers for n in range(SUBSCRIBERS))
            while len(numbers(peer)) < expected:
                pause(second, 1.0)
                assert time.monotonic() < began + SECONDS, "some never came"
            ended = time.monotonic()
            # What may come again is there by then.
            time.sleep(5)
            while len(found := kept(server, gone)) < sum(len(w.made[GONE]) for w in writers):
                pause(second, 3.0)
                assert time.monotonic() < began + SECONDS, "some were never kept"
            assert_all_in_order(writers, GONE, found)
        finally:
            second.stop()
        again = assert_promise(writers, peer.arrived)
        print(
            f"{expected} changes, {sum(w.repeated for w in writers)} writes repeated, {again} sent "
            f"again; killed {dict(done)}; start {started - began:.0f} s, kills "
            f"{killed - started:.0f} s, written {written - started:.0f} s, "
            f"heard {ended - started:.0f} s"
        )
        return expected


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_thousand_changes_reach_twenty_subscribers_whatever_is_killed():
    seed = int(os.environ.get("FAULTS_SEED", random.randrange(10**6)))

    assert flow(changes=10_000, rounds=2, pause_seconds=0.1, seed=seed) >= 10_000
