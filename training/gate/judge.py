"""Judges a candidate against the champion, one verdict a criterion; pure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from training.gate.evaluation import Evaluation, Mask
from training.gate.limits import (
    AlphaAndFloor,
    AlphaMarginAndFloor,
    Limits,
    MarginAndFloor,
    RatioAndCeiling,
    TwoAlphasAndFloor,
)
from training.gate.rules import (
    Figures,
    Group,
    by_ceiling,
    by_floor,
    by_groups,
    by_lower_bound,
    by_ratio,
)
from training.gate.statistics import (
    excess_p_value,
    exchange,
    resampled_accuracy,
    resampled_macro_f1,
)
from training.gate.verdict import Criterion, GateReport, Verdict
from training.metrics import area_under_roc, expected_calibration_error, macro_f1


def judge(candidate: Evaluation, champion: Evaluation | None, limits: Limits) -> GateReport:
    """Judge `candidate`; without a champion by the floors and ceilings alone.

    The out-of-scope criterion is left out where no texts outside the scope were scored.

    Raises `ValueError` where the two were measured on different rows.
    """
    if champion is not None and champion.rows is not candidate.rows:
        raise ValueError("the candidate and the champion answered different rows")
    verdicts = [
        _labels(candidate, champion),
        _macro_f1(candidate, champion, limits.macro_f1),
        _urgent_recall(candidate, champion, limits.urgent_recall),
        urgent_intents(candidate, champion, limits.urgent_intents),
        _told_urgent(candidate, champion, limits.told_urgent),
        _unreviewed(candidate, champion, limits.unreviewed),
        _worst_slice(candidate, champion, limits.worst_slice),
        by_ceiling(
            Criterion.CALIBRATION,
            _figures(candidate, champion, _calibration_error),
            limits.calibration,
        ),
        _noise(candidate, champion, limits.noise),
    ]
    if candidate.scope_outside is not None:
        scope = _figures(candidate, champion, _scope_auroc)
        verdicts.append(by_floor(Criterion.OUT_OF_SCOPE, scope, limits.out_of_scope))
    verdicts += [
        _size(candidate, champion, limits.size),
        _latency(candidate, champion, limits.latency),
    ]
    return GateReport(
        candidate=candidate.model,
        candidate_digest=candidate.digest,
        champion=champion.model if champion else None,
        champion_digest=champion.digest if champion else None,
        data=candidate.rows.data,
        data_sha256=candidate.rows.sha256,
        rows=len(candidate.rows.targets),
        limits_sha256=limits.sha256,
        verdicts=tuple(verdicts),
    )


def _labels(candidate: Evaluation, champion: Evaluation | None) -> Verdict:
    """What the answers alone would not show.

    No intent may vanish, change its urgency or its category or go unmeasured. A new urgent intent
    too is a person's decision: whatever is urgent goes before the tickets that are urgent now. And
    no question may go without the answer that the champion's heads give, nor get the same answer
    whatever is asked.
    """
    in_data = {candidate.rows.intents[index] for index in candidate.rows.targets}
    gone = champion.labels - candidate.labels if champion else frozenset()
    calmed = (champion.urgent & candidate.labels) - candidate.urgent if champion else frozenset()
    raised = candidate.urgent - champion.urgent if champion else frozenset()
    moved = (
        {
            intent
            for intent in champion.categories.keys() & candidate.categories.keys()
            if champion.categories[intent] != candidate.categories[intent]
        }
        if champion
        else set()
    )
    untold = champion.heads - candidate.heads if champion else frozenset()
    mute = candidate.mute_heads - (champion.mute_heads if champion else frozenset())
    unmeasured = candidate.labels - in_data
    faults = [
        f"{what}: {', '.join(sorted(intents))}"
        for what, intents in (
            ("no longer an intent", gone),
            ("no longer urgent", calmed),
            ("newly urgent", raised),
            ("in another category", moved),
            ("no longer told", untold),
            ("told alike of every row", mute),
            ("without a row to judge by", unmeasured),
            ("in the data and not in the model", in_data - candidate.labels - gone),
        )
        if intents
    ]
    return Verdict(
        Criterion.LABELS,
        passed=not faults,
        candidate=len(candidate.labels),
        champion=len(champion.labels) if champion else None,
        limit="none missing, moved or unmeasured, none more or less urgent",
        reason="; ".join(faults) or "every intent is there",
    )


def _macro_f1(
    candidate: Evaluation, champion: Evaluation | None, limits: MarginAndFloor
) -> Verdict:
    targets = candidate.rows.targets
    return by_lower_bound(
        Criterion.MACRO_F1,
        _figures(candidate, champion, lambda model: macro_f1(model.answers, targets)),
        resampled_macro_f1,
        (candidate.answers, champion.answers if champion else None),
        targets,
        limits,
    )


def _urgent_recall(
    candidate: Evaluation, champion: Evaluation | None, limits: MarginAndFloor
) -> Verdict:
    if not _urgent(candidate, champion):
        return _none_urgent(Criterion.URGENT_RECALL)
    urgent = _rows_of(candidate, _urgent(candidate, champion))
    if not urgent.any():
        return _unmeasured(Criterion.URGENT_RECALL, "the data have no row of an urgent intent")
    return by_lower_bound(
        Criterion.URGENT_RECALL,
        _figures(candidate, champion, lambda model: float(model.correct[urgent].mean())),
        resampled_accuracy,
        (candidate.answers[urgent], champion.answers[urgent] if champion else None),
        candidate.rows.targets[urgent],
        limits,
    )


def urgent_intents(
    candidate: Evaluation, champion: Evaluation | None, limits: TwoAlphasAndFloor
) -> Verdict:
    """Each urgent intent alone: the sum over all of them would hide the fall of one.

    Without a row of one of them there is nothing to judge by, which refuses.
    """
    urgent = _urgent(candidate, champion)
    if not urgent:
        return _none_urgent(Criterion.URGENT_INTENTS)
    masks = {intent: candidate.rows.of_intent(intent) for intent in sorted(urgent)}
    empty = [intent for intent, mask in masks.items() if not mask.any()]
    if empty:
        which = ", ".join(empty)
        return _unmeasured(Criterion.URGENT_INTENTS, f"the data have no row of {which}")
    # A candidate that calls more intents urgent must not make the test milder.
    alpha = limits.family_alpha / max(1, len(champion.urgent if champion else urgent))
    return by_groups(
        Criterion.URGENT_INTENTS,
        {
            intent: _urgent_group(candidate, champion, mask, alpha=alpha)
            for intent, mask in masks.items()
        },
        alpha=limits.alpha,
        floor=limits.floor,
        and_also=f" that is also beyond the losses elsewhere (p of {alpha:.4f} or less)",
    )


def _told_urgent(
    candidate: Evaluation, champion: Evaluation | None, limits: AlphaAndFloor
) -> Verdict:
    """The intents and the head for urgency together: what makes a ticket go first."""
    if not _urgent(candidate, champion):
        return _none_urgent(Criterion.TOLD_URGENT)
    urgent = _rows_of(candidate, _urgent(candidate, champion))
    if not urgent.any():
        return _unmeasured(Criterion.TOLD_URGENT, "the data have no row of an urgent intent")
    group = Group(candidate.told_urgent[urgent], champion.told_urgent[urgent] if champion else None)
    return by_groups(
        Criterion.TOLD_URGENT,
        {"telling urgency": group},
        alpha=limits.alpha,
        floor=limits.floor,
    )


def _unreviewed(
    candidate: Evaluation, champion: Evaluation | None, limits: AlphaMarginAndFloor
) -> Verdict:
    """All rows have an intent, so that a person who is asked is mostly asked in vain."""
    alone, before = ~candidate.to_review, ~champion.to_review if champion else None
    fell = 0.0 if before is None else float(before.mean() - alone.mean())
    return by_groups(
        Criterion.UNREVIEWED,
        {"deciding without a person": Group(alone, before, beyond_chance=fell > limits.margin)},
        alpha=limits.alpha,
        floor=limits.floor,
        and_also=f" and of more than {limits.margin:.1%}",
    )


def _urgent_group(
    candidate: Evaluation, champion: Evaluation | None, rows: Mask, *, alpha: float
) -> Group:
    if champion is None:
        return Group(candidate.correct[rows], None)
    inside = exchange(champion.correct[rows], candidate.correct[rows])
    elsewhere = exchange(champion.correct[~rows], candidate.correct[~rows])
    return Group(
        candidate.correct[rows],
        champion.correct[rows],
        beyond_chance=excess_p_value(inside, elsewhere) <= alpha,
    )


def _worst_slice(
    candidate: Evaluation, champion: Evaluation | None, limits: AlphaAndFloor
) -> Verdict:
    groups = {}
    for name, mask in candidate.rows.slices.items():
        groups[name] = Group(candidate.correct[mask], champion.correct[mask] if champion else None)
        groups[f"{name}, noised"] = Group(
            candidate.noised_correct[mask], champion.noised_correct[mask] if champion else None
        )
    return by_groups(
        Criterion.WORST_SLICE, groups, alpha=limits.alpha / len(groups), floor=limits.floor
    )


def _noise(candidate: Evaluation, champion: Evaluation | None, limits: MarginAndFloor) -> Verdict:
    return by_lower_bound(
        Criterion.NOISE,
        _figures(candidate, champion, lambda model: float(model.noised_correct.mean())),
        resampled_accuracy,
        (candidate.noised_answers, champion.noised_answers if champion else None),
        candidate.rows.targets,
        limits,
    )


def _size(candidate: Evaluation, champion: Evaluation | None, limits: RatioAndCeiling) -> Verdict:
    return by_ratio(
        Criterion.SIZE,
        _figures(candidate, champion, lambda model: model.size_mb),
        limits,
    )


def _latency(
    candidate: Evaluation, champion: Evaluation | None, limits: RatioAndCeiling
) -> Verdict:
    """By the fastest round: what a slower one adds is other work of the machine (see `timeit`)."""
    return by_ratio(
        Criterion.LATENCY,
        _figures(candidate, champion, lambda model: min(model.ms_per_ticket)),
        limits,
    )


def _unmeasured(criterion: Criterion, reason: str) -> Verdict:
    return Verdict(criterion, False, None, None, "rows to measure on", reason)


def _none_urgent(criterion: Criterion) -> Verdict:
    return Verdict(criterion, True, None, None, "where there are any", "no intent is urgent")


def _urgent(candidate: Evaluation, champion: Evaluation | None) -> frozenset[str]:
    """Intents that either model takes for urgent: a candidate must not choose what counts."""
    return candidate.urgent | champion.urgent if champion else candidate.urgent


def _rows_of(evaluation: Evaluation, intents: frozenset[str]) -> Mask:
    mask: Mask = np.zeros(len(evaluation.rows.targets), dtype=np.bool_)
    for intent in intents:
        mask |= evaluation.rows.of_intent(intent)
    return mask


def _figures(
    candidate: Evaluation, champion: Evaluation | None, figure: Callable[[Evaluation], float]
) -> Figures:
    return Figures(figure(candidate), figure(champion) if champion else None)


def _calibration_error(evaluation: Evaluation) -> float:
    return expected_calibration_error(evaluation.confidence, evaluation.correct)


def _scope_auroc(evaluation: Evaluation) -> float:
    if evaluation.scope_outside is None:
        raise ValueError(f"{evaluation.model} was not scored on texts outside the scope")
    inside, outside = evaluation.scope_inside, evaluation.scope_outside
    within = np.arange(len(inside) + len(outside)) < len(inside)
    return area_under_roc(np.concatenate([inside, outside]), within)
