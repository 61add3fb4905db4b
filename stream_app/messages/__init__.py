"""Between bytes and contracts: decoding records, and building the records that go out.

Pure; moves nothing and decides nothing about a ticket's queue.
"""

from stream_app.messages.decode import Refusal, decode
from stream_app.messages.outgoing import OutgoingRecord, dead_letter_record, triaged_record
from stream_app.messages.record import Record
from stream_app.messages.triaged import local_event_id, triaged_ticket

__all__ = [
    "OutgoingRecord",
    "Record",
    "Refusal",
    "dead_letter_record",
    "decode",
    "local_event_id",
    "triaged_record",
    "triaged_ticket",
]
