"""Processes that work, to be killed."""

from __future__ import annotations

import random
import subprocess


class Workers:
    """Some processes of one command; each that is killed is started again."""

    def __init__(self, *command, processes):
        self._command = command
        self._running = [self._start() for _ in range(processes)]

    def _start(self):
        return subprocess.Popen(self._command, stderr=subprocess.DEVNULL)

    def kill_one(self):
        n = random.randrange(len(self._running))
        self._running[n].kill()
        self._running[n].wait()
        self._running[n] = self._start()

    def stop(self):
        for process in self._running:
            process.kill()
            process.wait()
