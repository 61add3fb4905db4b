"""What the demo sends, in which order: own tickets of four kinds and broken records between them.

Pure: sends nothing. The order is shuffled with a fixed seed, so that two runs can be compared.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files

SEED = 20_260_120
OVERSIZED_CHARACTERS = 5_000_000


class Kind(StrEnum):
    """What the author of a record meant it to be."""

    URGENT = "urgent"
    ABUSIVE = "abusive"
    UNCLEAR = "unclear"
    ORDINARY = "ordinary"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One record for the raw topic. Its key is unique among the arrivals and so identifies it."""

    kind: Kind
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


def arrivals(tickets: int | None = None, *, oversized: bool = True) -> list[Arrival]:
    """The first `tickets` of the demo's tickets, else all, with every broken record among them.

    Without `oversized` the record of 5 MB is left out, for brokers that cannot hold it.
    """
    shuffled = random.Random(SEED)  # noqa: S311 - an order to watch, not a secret
    mixed = own_tickets()
    shuffled.shuffle(mixed)
    mixed = mixed[:tickets]
    for broken in broken_records():
        if oversized or len(broken.value or b"") < OVERSIZED_CHARACTERS:
            mixed.insert(shuffled.randint(0, len(mixed)), broken)
    return mixed


def own_tickets() -> list[Arrival]:
    """Every well-formed ticket, in the order of the file."""
    lines = files("stream_app.demo").joinpath("tickets.jsonl").read_text(encoding="utf-8")
    return [_arrival(json.loads(line)) for line in lines.splitlines()]


def _arrival(ticket: dict[str, str]) -> Arrival:
    # The kind is the author's opinion and no part of the ticket: the worker must not see it.
    kind = Kind(ticket.pop("kind"))
    value = json.dumps(ticket, ensure_ascii=False).encode()
    return Arrival(kind, ticket["ticket_id"].encode(), value)


def broken_records() -> list[Arrival]:
    """One record for each way in which a source system gets it wrong."""
    exporter = (("exporter", b"legacy-desk"), ("attempt", None))
    return [
        Arrival(Kind.BROKEN, None, b"<ticket><text>Card lost</text></ticket>", exporter),
        Arrival(Kind.BROKEN, b"broken-cut-off", b'{"ticket_id": "T-9002", "text": "My card w'),
        Arrival(Kind.BROKEN, b"broken-list", b'["My card was declined", "again"]'),
        Arrival(Kind.BROKEN, b"broken-empty-value", b""),
        Arrival(Kind.BROKEN, b"broken-tombstone", None, exporter),
        Arrival(Kind.BROKEN, b"broken-no-text", b'{"ticket_id": "T-9006", "channel": "email"}'),
        Arrival(Kind.BROKEN, b"broken-empty-text", b'{"ticket_id": "T-9007", "text": ""}'),
        Arrival(Kind.BROKEN, b"broken-blank-text", b'{"ticket_id": "T-9008", "text": " \\n\\t "}'),
        Arrival(Kind.BROKEN, b"broken-text-number", b'{"ticket_id": "T-9009", "text": 4711}'),
        Arrival(Kind.BROKEN, b"broken-id-list", b'{"ticket_id": ["T-9010"], "text": "Hi"}'),
        Arrival(Kind.BROKEN, b"broken-date", b'{"text": "Hi", "created_at": "last Tuesday"}'),
        Arrival(Kind.BROKEN, b"broken-latin-1", '{"text": "Café fee charged"}'.encode("latin-1")),
        Arrival(Kind.BROKEN, b"broken-nul", b'{"ticket_id": "T-9013", "text": "a\\u0000b"}'),
        Arrival(
            Kind.BROKEN,
            b"broken-oversized",
            json.dumps({"text": "log " * (OVERSIZED_CHARACTERS // 4)}).encode(),
        ),
    ]
