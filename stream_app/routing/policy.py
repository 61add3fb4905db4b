"""The routing policy and the one function that applies it; no effects, no text of a ticket."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas import Finding, Guardrail, Priority, Queue, Severity
from stream_app.errors import UserError
from stream_app.guardrails.rulebook import Kind
from stream_app.guardrails.validation import OUT_OF_SCOPE

_NO_CASE = f"{Kind.NO_CASE}.in_thought_or_settled"
_ONLY_ASKS = f"{Kind.NO_CASE}.only_asks"


class Condition(StrEnum):
    """What the policy can ask of a ticket."""

    URGENCY_FLAGGED = "urgency_flagged"
    HIGH_PRIORITY_INTENT = "high_priority_intent"
    TOXICITY_FLAGGED = "toxicity_flagged"
    VALIDATION_FLAGGED = "validation_flagged"
    URGENCY_NOTED = "urgency_noted"
    HIGH_PRIORITY_POSSIBLE = "high_priority_possible"
    TOXICITY_NOTED = "toxicity_noted"
    ALWAYS = "always"


_CONDITIONS = {
    (Guardrail.URGENCY, Severity.FLAG): Condition.URGENCY_FLAGGED,
    (Guardrail.TOXICITY, Severity.FLAG): Condition.TOXICITY_FLAGGED,
    (Guardrail.VALIDATION, Severity.FLAG): Condition.VALIDATION_FLAGGED,
    (Guardrail.URGENCY, Severity.NOTE): Condition.URGENCY_NOTED,
    (Guardrail.TOXICITY, Severity.NOTE): Condition.TOXICITY_NOTED,
}


class Route(BaseModel):
    """A queue and the conditions of which any one leads there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    queue: Queue
    when: Annotated[frozenset[Condition], Field(min_length=1)]


class SecondOpinion(BaseModel):
    """When a language model is asked, where one is configured."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    when: Annotated[frozenset[Condition], Field(min_length=1)]
    high_priority_possible_at_least: float = Field(
        gt=0.0,
        le=1.0,
        description="Probability of high-priority intents together that leaves a doubt.",
    )


@dataclass(frozen=True, slots=True)
class Routing:
    """Where a ticket goes, and why: the conditions that `held` for it.

    `unsure` says that the policy wants a second opinion. Urgent tickets want none: it could not
    change where they go.
    """

    queue: Queue
    priority: Priority
    urgent: bool
    toxic: bool
    needs_review: bool
    unsure: bool
    held: frozenset[Condition]


class Policy(BaseModel):
    """Routes in order of precedence; validated so that every ticket finds exactly one queue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(min_length=1, max_length=64)
    high_priority_at_least: float = Field(
        gt=0.0,
        le=1.0,
        description="Probability of high-priority intents together that makes a ticket urgent.",
    )
    second_opinion: SecondOpinion | None = None
    routes: tuple[Route, ...]

    @model_validator(mode="after")
    def _is_total_and_safe(self) -> Policy:
        queues = [route.queue for route in self.routes]
        if sorted(queues) != sorted(Queue):
            raise ValueError(f"each of {', '.join(Queue)} needs exactly one route")
        first = self.routes[0]
        if first.queue is not Queue.PRIORITY:
            raise ValueError("priority must be the first route: nothing may hide urgency")
        if Condition.URGENCY_FLAGGED not in first.when:
            raise ValueError("the priority route must be taken when urgency_flagged")
        if self.routes[-1].when != {Condition.ALWAYS}:
            raise ValueError("the last route must be `when: [always]`")
        if any(Condition.ALWAYS in route.when for route in self.routes[:-1]):
            raise ValueError("only the last route may be `when: [always]`")
        return self

    def route(
        self,
        findings: Iterable[Finding],
        *,
        base_priority: Priority,
        high_priority_probability: float,
        urgency_told: bool = False,
    ) -> Routing:
        """Apply the policy to one ticket's findings and what its likely intents say.

        `base_priority` is the most likely intent's; `high_priority_probability` is that of all
        likely intents of high priority together, since a ticket that is either a stolen or a
        compromised card is urgent however unsure the model is which. An intent says what a ticket
        is about and not that it has happened: alone it makes none urgent that says itself that it
        asks in general or tells of what is settled. A text that fits no intent has a likeliest one
        too: where a head told of its urgency as well (`urgency_told`), the intents of such a text
        make it urgent only beside a finding that hints at urgency. An urgent ticket's priority is
        high; any other keeps its intent's, medium at most, and low where the text only asks or the
        intent's emergency is none.

        Of the findings that a language model can add none withholds anything: a ticket that is
        urgent stays urgent.
        """
        doubt = self.second_opinion
        findings = tuple(findings)
        named = {finding.rule for finding in findings}
        held = {Condition.ALWAYS}
        hinted = any(
            finding.guardrail is Guardrail.URGENCY and finding.rule not in (_NO_CASE, _ONLY_ASKS)
            for finding in findings
        )
        meant = hinted or not urgency_told or OUT_OF_SCOPE not in named
        likely = high_priority_probability >= self.high_priority_at_least
        if likely and meant and _NO_CASE not in named:
            held.add(Condition.HIGH_PRIORITY_INTENT)
        if doubt and high_priority_probability >= doubt.high_priority_possible_at_least:
            held.add(Condition.HIGH_PRIORITY_POSSIBLE)
        for finding in findings:
            condition = _CONDITIONS.get((finding.guardrail, finding.severity))
            # These two notes say that there is no emergency, which is no doubt about one.
            if condition and finding.rule not in (_NO_CASE, _ONLY_ASKS):
                held.add(condition)
        matching = {route.queue for route in self.routes if route.when & held}
        urgent = Queue.PRIORITY in matching
        return Routing(
            queue=next(route.queue for route in self.routes if route.queue in matching),
            priority=_priority(
                urgent=urgent,
                base=base_priority,
                no_trouble=_ONLY_ASKS in named
                or (_NO_CASE in named and base_priority is Priority.HIGH),
            ),
            urgent=urgent,
            toxic=Queue.TOXIC in matching,
            needs_review=Queue.REVIEW in matching,
            unsure=not urgent and doubt is not None and bool(doubt.when & held),
            held=frozenset(held),
        )


def _priority(*, urgent: bool, base: Priority, no_trouble: bool) -> Priority:
    if urgent:
        return Priority.HIGH
    if no_trouble:
        return Priority.LOW
    return Priority.MEDIUM if base is Priority.HIGH else base


def load_policy(path: Path | None = None) -> Policy:
    """Read a policy file; the packaged one without `path`.

    Raises `UserError` naming the file and the fault.
    """
    place = path or files("stream_app.routing").joinpath("policy.yaml")
    try:
        content = yaml.safe_load(place.read_text(encoding="utf-8"))
        return Policy.model_validate(content)
    except OSError as error:
        raise UserError(f"policy {place}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"policy {place}: not a YAML file in UTF-8") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UserError(f"policy {place}: {where or 'routes'}: {first['msg']}") from error
