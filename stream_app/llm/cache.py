"""Answers by a keyed digest of what was asked, the least recently used dropped; holds no text."""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections import OrderedDict

from stream_app.llm.answers import Answers


class AnswerCache:
    """At most `entries` answers; owned by one layer, safe for threads.

    The digest is HMAC-SHA256 under a key of this process alone: a memory dump gives nobody a way
    to test which text was asked about.
    """

    def __init__(self, entries: int) -> None:
        self._entries = entries
        self._secret = secrets.token_bytes(32)
        self._answers: OrderedDict[bytes, Answers] = OrderedDict()
        self._lock = threading.Lock()

    def key(self, *parts: str | None) -> bytes:
        """The digest of `parts`; no two lists of parts are written alike."""
        # Not `hmac.digest`, which gives the interpreter's lock away however short the message is:
        # beside busy threads the event loop waits milliseconds to get it back.
        return hmac.new(self._secret, json.dumps(parts).encode("ascii"), "sha256").digest()

    def get(self, key: bytes) -> Answers | None:
        """The answers under `key`, now the most recently used."""
        with self._lock:
            answers = self._answers.get(key)
            if answers is not None:
                self._answers.move_to_end(key)
            return answers

    def put(self, key: bytes, answers: Answers) -> None:
        """Keep `answers`, and drop the least recently used where that is one too many."""
        with self._lock:
            self._answers[key] = answers
            self._answers.move_to_end(key)
            if len(self._answers) > self._entries:
                self._answers.popitem(last=False)
