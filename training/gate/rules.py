"""The rules that turn figures into a verdict, each for several criteria; pure.

Every rule waives its floor or ceiling for a candidate that is no worse than a champion which is
beyond it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from training.gate.evaluation import Mask
from training.gate.limits import (
    MarginAndFloor,
    RatioAndCeiling,
    ToleranceAndCeiling,
    ToleranceAndFloor,
)
from training.gate.statistics import Labels, Statistic, exchange, lower_bound_of_difference
from training.gate.verdict import Criterion, Verdict
from training.metrics import upper_bound


@dataclass(frozen=True, slots=True)
class Figures:
    """One figure of the candidate and of the champion, if there is one."""

    candidate: float
    champion: float | None

    @property
    def no_lower(self) -> bool:
        """Whether there is a champion and the candidate's figure is no lower."""
        return self.champion is not None and self.candidate >= self.champion

    @property
    def no_higher(self) -> bool:
        """Whether there is a champion and the candidate's figure is no higher."""
        return self.champion is not None and self.candidate <= self.champion


@dataclass(frozen=True, slots=True)
class Group:
    """Right answers of both models on the rows of one intent or slice; at least one row.

    `beyond_chance` says whether a fall is more than what two trainings differ by anyway.
    """

    candidate: Mask
    champion: Mask | None
    beyond_chance: bool = True

    @property
    def figures(self) -> Figures:
        """Share of right answers."""
        theirs = None if self.champion is None else float(self.champion.mean())
        return Figures(float(self.candidate.mean()), theirs)

    @property
    def p_value(self) -> float:
        """How likely such a fall would be between equal models; 1.0 without a champion."""
        return 1.0 if self.champion is None else exchange(self.champion, self.candidate).p_value


def by_lower_bound(
    criterion: Criterion,
    figures: Figures,
    statistic: Statistic,
    answers: tuple[Labels, Labels | None],
    targets: Labels,
    limits: MarginAndFloor,
) -> Verdict:
    """Refuse where the rows leave it open that the candidate is worse by more than the margin.

    `answers` are the candidate's and the champion's.
    """
    above = figures.candidate >= limits.floor or figures.no_lower
    floor = f"at least {limits.floor:.3f}"
    if answers[1] is None:
        reason = f"{'no lower than' if above else 'under'} the floor"
        return Verdict(criterion, above, figures.candidate, None, floor, reason)
    bound = lower_bound_of_difference(statistic, answers[0], answers[1], targets)
    return Verdict(
        criterion,
        passed=above and bound >= -limits.margin,
        candidate=figures.candidate,
        champion=figures.champion,
        limit=f"{floor}; difference at least {-limits.margin:+.3f}",
        reason=f"the true difference may be as low as {bound:+.3f} (one-sided 95 %)"
        if above
        else "under the floor",
    )


def by_groups(
    criterion: Criterion,
    groups: Mapping[str, Group],
    *,
    alpha: float,
    floor: float,
    and_also: str = "",
) -> Verdict:
    """Refuse where one group alone has fallen beyond chance, or lies clearly under the floor.

    `and_also` ends the verdict's limit with what else a fall needs, see `Group.beyond_chance`.
    The figures of the verdict are those of the group that is worst off: of the least p-value,
    then of the least share.
    """
    faults = [
        fault
        for name, group in groups.items()
        if (fault := _fault(name, group, alpha=alpha, floor=floor))
    ]
    worst = min(groups, key=lambda name: (groups[name].p_value, groups[name].figures.candidate))
    fewest = min(len(group.candidate) for group in groups.values())
    return Verdict(
        criterion,
        passed=not faults,
        candidate=groups[worst].figures.candidate,
        champion=groups[worst].figures.champion,
        limit=f"each at least {floor:.2f}; no fall with p of {alpha:.3f} or less{and_also}",
        reason="; ".join(faults)
        or f"none of {len(groups)} has clearly fallen ({fewest} rows or more each); "
        f"worst off is {worst}",
    )


def by_floor(criterion: Criterion, figures: Figures, limits: ToleranceAndFloor) -> Verdict:
    """Refuse a figure under the floor, or more than the tolerance under the champion's."""
    above = figures.candidate >= limits.floor or figures.no_lower
    limit, near = f"at least {limits.floor:.3f}", True
    if figures.champion is not None:
        least = figures.champion - limits.tolerance
        near = figures.candidate >= least
        limit += f" and {least:.3f}"
    return Verdict(
        criterion,
        passed=above and near,
        candidate=figures.candidate,
        champion=figures.champion,
        limit=limit,
        reason=_reason(above, "under the floor", near, "too far under the champion's"),
    )


def by_ceiling(criterion: Criterion, figures: Figures, limits: ToleranceAndCeiling) -> Verdict:
    """Refuse a figure above the ceiling, or more than the tolerance above the champion's."""
    under = figures.candidate <= limits.ceiling or figures.no_higher
    limit, near = f"at most {limits.ceiling:.3f}", True
    if figures.champion is not None:
        most = figures.champion + limits.tolerance
        near = figures.candidate <= most
        limit += f" and {most:.3f}"
    return Verdict(
        criterion,
        passed=under and near,
        candidate=figures.candidate,
        champion=figures.champion,
        limit=limit,
        reason=_reason(under, "above the ceiling", near, "too far above the champion's"),
    )


def by_ratio(criterion: Criterion, figures: Figures, limits: RatioAndCeiling) -> Verdict:
    """Refuse a figure above the ceiling, or too many times the champion's."""
    under = figures.candidate <= limits.ceiling or figures.no_higher
    limit, near = f"at most {limits.ceiling:g}", True
    if figures.champion is not None:
        near = figures.candidate <= limits.ratio * figures.champion
        limit += f" and {limits.ratio:.2f} times the champion's"
    return Verdict(
        criterion,
        passed=under and near,
        candidate=figures.candidate,
        champion=figures.champion,
        limit=limit,
        reason=_reason(under, "above the ceiling", near, "too far above the champion's"),
    )


def _fault(name: str, group: Group, *, alpha: float, floor: float) -> str | None:
    figures, rows = group.figures, len(group.candidate)
    fell = group.p_value <= alpha and group.beyond_chance
    if group.champion is not None and figures.champion is not None and fell:
        change = exchange(group.champion, group.candidate)
        return (
            f"{name} fell from {figures.champion:.1%} to {figures.candidate:.1%}: of {rows} rows "
            f"{change.lost} lost and {change.won} won (p = {group.p_value:.3f})"
        )
    if upper_bound(figures.candidate, rows) < floor and not figures.no_lower:
        return f"{name}: {figures.candidate:.1%} of {rows} rows, clearly under the floor"
    return None


def _reason(bounded: bool, out_of_bounds: str, near: bool, too_far: str) -> str:
    if not bounded:
        return out_of_bounds
    return "within the limit" if near else too_far
