"""How well rules and urgency head find urgent tickets, by cross-validation on the head's own ones.

Each fifth of the written tickets is judged by a head that was fitted on the others and on the
ordinary tickets. The rules were not written for any of these tickets. Most that can wait are near
misses, so precision is lower here than on what a desk gets.

Run `python -m benchmarks.urgency`. Prints and writes benchmarks/results/urgency.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedKFold  # type: ignore[import-untyped]

from benchmarks.machine import circumstances
from schemas import Guardrail, Severity
from stream_app.bundle import bundle_store, newest_bundle, read_bundle
from stream_app.guardrails import RuleSet, learned_urgency, load_rules
from stream_app.inference import Encoder
from training.heads import fit_head, head_probabilities, urgency_examples

RESULTS = Path(__file__).parent / "results" / "urgency.json"
FOLDS = 5
SEED = 1


def main() -> None:
    """Run the benchmark as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--bundle", type=Path, help="whose tokenizer; else the newest")
    arguments = parser.parse_args()
    bundle = read_bundle(arguments.bundle or newest_bundle(bundle_store()))
    examples = urgency_examples()
    encoder = Encoder(bundle.tokenizer_path, max_tokens=bundle.manifest.max_tokens)
    rows = encoder.encode([example.text for example in examples])
    written = np.flatnonzero([example.weight == 1.0 for example in examples])
    urgent = np.array([example.yes for example in examples])
    weights = np.array([example.weight for example in examples])
    probability = np.zeros(len(examples))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    for _, held_out in folds.split(written, urgent[written]):
        judged = written[held_out]
        fitted = np.setdiff1d(np.arange(len(examples)), judged)
        head = fit_head(
            [rows[place] for place in fitted],
            urgent[fitted],
            weights[fitted],
            vocabulary=encoder.vocabulary,
        )
        probability[judged] = head_probabilities(head, [rows[place] for place in judged])
    rules = load_rules()
    flags = np.array([_flags(rules, examples[place].text, probability[place]) for place in written])
    truth = urgent[written]
    report = {
        **circumstances(),
        "tickets": len(written),
        "urgent": int(truth.sum()),
        "rules": _figures(flags[:, 0], truth),
        "head": _figures(flags[:, 1], truth),
        "both": _figures(flags[:, 0] | flags[:, 1], truth),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


def _flags(rules: RuleSet, text: str, probability: float) -> tuple[bool, bool]:
    """Whether the rules flag a text, and whether the head does beside them."""
    found = rules.inspect(text)
    by_rules = any(
        finding.guardrail is Guardrail.URGENCY and finding.severity is Severity.FLAG
        for finding in found
    )
    learned = learned_urgency(probability, found, rules.learned)
    return by_rules, any(finding.severity is Severity.FLAG for finding in learned)


def _figures(flagged: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> dict[str, float]:
    hits = int((flagged & truth).sum())
    return {
        "recall": round(hits / int(truth.sum()), 4),
        "precision": round(hits / int(flagged.sum()), 4),
    }


if __name__ == "__main__":
    main()
