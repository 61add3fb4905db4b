"""What every bundle learns beside its intents: questions about a ticket, from own tickets."""

from training.heads.data import QUESTIONS, Question
from training.heads.head import Head, HeadRows, attach_head, fit_head
from training.heads.taught import asked, head_rows, teaching_tickets, token_rows

__all__ = [
    "Head",
    "HeadRows",
    "QUESTIONS",
    "Question",
    "asked",
    "attach_head",
    "fit_head",
    "head_rows",
    "teaching_tickets",
    "token_rows",
]
