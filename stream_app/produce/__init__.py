"""Sends records to Kafka with every delivery confirmed and bounded memory; makes no records."""

from stream_app.produce.run import produce
from stream_app.produce.sender import Sender, open_sender

__all__ = ["Sender", "open_sender", "produce"]
