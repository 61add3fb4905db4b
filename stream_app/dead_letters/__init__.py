"""Reads the dead-letter queue and sends its records back; decides nothing about a ticket."""

from stream_app.dead_letters.letter import Letter, read_letter
from stream_app.dead_letters.marks import Marks
from stream_app.dead_letters.plan import Selection
from stream_app.dead_letters.queue import DeadLetterQueue, open_dead_letters
from stream_app.dead_letters.redrive import Cluster, RedriveReport, redrive
from stream_app.dead_letters.redrive_group import open_redrive_group

__all__ = [
    "Cluster",
    "DeadLetterQueue",
    "Letter",
    "Marks",
    "RedriveReport",
    "Selection",
    "open_dead_letters",
    "open_redrive_group",
    "read_letter",
    "redrive",
]
