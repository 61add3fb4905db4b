"""The urgency head: what every bundle learns of urgency beside its intents, from own tickets."""

from training.urgency.data import UrgencyExample, load_urgency
from training.urgency.head import UrgencyHead, attach_urgency, fit_urgency, urgency_probabilities

__all__ = [
    "UrgencyExample",
    "UrgencyHead",
    "attach_urgency",
    "fit_urgency",
    "load_urgency",
    "urgency_probabilities",
]
