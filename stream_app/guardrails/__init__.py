"""The guardrails: urgency and toxicity in a text, validity of a model's answer; pure.

Owns what a finding is raised for. Does not decide where a ticket goes: that is the policy's.
"""

from stream_app.guardrails.learned import (
    ToxicityModel,
    learned_abuse,
    learned_toxicity,
    learned_urgency,
)
from stream_app.guardrails.rulebook import load_rules
from stream_app.guardrails.ruleset import RuleSet
from stream_app.guardrails.second_opinion import second_opinion
from stream_app.guardrails.validation import validate

__all__ = [
    "RuleSet",
    "ToxicityModel",
    "learned_abuse",
    "learned_toxicity",
    "learned_urgency",
    "load_rules",
    "second_opinion",
    "validate",
]
