"""The preparing process: resolves, downloads and tries out versions, one call at a time.

Runs as `python -m stream_app.hot_reload.preparing_process`, reads calls on stdin, answers on
stdout, and ends with the worker, whose end closes stdin. It decides nothing: it does as told.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import BinaryIO

from stream_app.bundle import BundleError, read_bundle
from stream_app.errors import Unavailable, UserError
from stream_app.hot_reload.cache import BundleCache
from stream_app.hot_reload.calls import (
    CALLS,
    Answer,
    Call,
    Check,
    Done,
    Failed,
    Fetch,
    Fetched,
    OpenChallenger,
    Resolve,
    Resolved,
    Score,
    Scored,
    Setup,
)
from stream_app.inference import OnnxClassifier, open_classifier
from stream_app.registry.client import RegistryClient
from stream_app.registry.version import RegisteredVersion

NICENESS = 10
"""Tickets come first: where they take all processors, this process gets about a tenth of one.

At the lowest priority, 19, it would get a hundredth, and a new version over a minute later.
"""


class Preparer:
    """What the process can do, and the challenger that it may hold open."""

    def __init__(self, client: RegistryClient, cache: BundleCache) -> None:
        self._client = client
        self._cache = cache
        self._challenger: OnnxClassifier | None = None

    def answer(self, call: Call) -> Answer:
        """Do one call. Raises `ValueError` for one that makes no sense now."""
        try:
            match call:
                case Resolve():
                    return Resolved(version=self._client.resolve(call.alias))
                case Fetch():
                    return Fetched(folder=self._fetch(call.version))
                case Check():
                    open_classifier(read_bundle(call.folder), lanes=1).close()
                    return Done()
                case OpenChallenger():
                    return self._open_challenger(call.folder)
                case Score():
                    return self._score(call.texts)
                case Setup():
                    raise ValueError("the process was set up before")
        except BundleError as error:
            return Failed(blame="bundle", message=error.message)
        except UserError as error:
            return Failed(blame="unavailable", message=error.message)
        except OSError as error:
            return Failed(blame="unavailable", message=f"{self._cache.folder}: {error}")
        except MemoryError:
            return Failed(blame="unavailable", message="too little memory to prepare a version")

    def _fetch(self, version: RegisteredVersion) -> Path:
        if version.digest is None:
            raise BundleError(f"version {version.number} was registered without its digest")
        folder = self._cache.bundle(version.digest)
        if folder.exists():
            try:
                self._cache.read(version.digest)
            except BundleError:
                # The disk lost or changed a byte since, or somebody put another bundle there: the
                # registry still has the original.
                self._cache.drop(version.digest)
            else:
                # Used just now, so that another worker's pruning takes an older one.
                os.utime(folder)
                return folder
        with self._cache.draft() as draft:
            self._client.download(version, draft)
            try:
                read_bundle(draft)
            except BundleError as error:
                named = error.message.replace(f"bundle {draft}", f"version {version.number}")
                raise BundleError(named) from error
            return self._cache.keep(draft, version.digest)

    def _open_challenger(self, folder: Path) -> Done:
        if self._challenger is not None:
            self._challenger.close()
            self._challenger = None
        self._challenger = open_classifier(read_bundle(folder), lanes=1)
        return Done()

    def _score(self, texts: list[str]) -> Scored:
        if self._challenger is None:
            # The process that had it open was killed, and this one came in its place.
            raise Unavailable("no challenger is open")
        # Processor time, since at this priority the clock mostly shows what the worker needs.
        started = time.process_time()
        predictions = self._challenger.classify(texts)
        return Scored(
            intents=[prediction.label.intent for prediction in predictions],
            seconds=time.process_time() - started,
        )


def serve(calls: BinaryIO, answers: BinaryIO) -> None:
    """Answer calls until there are no more; half a line is one that its worker did not end."""
    setup = CALLS.validate_json(calls.readline())
    if not isinstance(setup, Setup):
        raise ValueError("the first call sets the process up")
    preparer = Preparer(RegistryClient(setup.tracking_uri, setup.model), BundleCache(setup.cache))
    for line in calls:
        if not line.endswith(b"\n"):
            return
        answers.write(preparer.answer(CALLS.validate_json(line)).model_dump_json().encode() + b"\n")
        answers.flush()


def main() -> None:
    """Lower the priority, keep stdout for the answers, and serve."""
    os.nice(NICENESS)
    # Ctrl-C reaches the whole group of a terminal, systemd's SIGTERM that of a service; the worker
    # decides when it is over.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Libraries print as they like; none of that may end up among the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    logging.basicConfig(level=logging.CRITICAL)
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
