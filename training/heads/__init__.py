"""What every bundle learns beside its intents: how pressing a ticket is, from own tickets."""

from training.heads.data import HeadExample, trouble_examples, urgency_examples
from training.heads.head import Head, attach_head, fit_head, head_probabilities

__all__ = [
    "Head",
    "HeadExample",
    "attach_head",
    "fit_head",
    "head_probabilities",
    "trouble_examples",
    "urgency_examples",
]
