"""Turns a file of tickets into records for the raw topic, a line at a time; sends nothing."""

from stream_app.tickets_input.lines import LineReader
from stream_app.tickets_input.parse import InputFormat, TicketRecord, parse_tickets
from stream_app.tickets_input.source import TicketSource, open_tickets

__all__ = [
    "InputFormat",
    "LineReader",
    "TicketRecord",
    "TicketSource",
    "open_tickets",
    "parse_tickets",
]
