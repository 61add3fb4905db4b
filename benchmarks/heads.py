"""How well rules and heads tell urgent and abusive tickets, on the tenth that teaches no head.

That tenth of the tickets written for the heads says how far each part of a head is believed, and
the thresholds were chosen on it, which flatters a little. The rules were written without sight of
any, but for those of `no_case`, which were narrowed with some of the urgent ones in sight. Nearly
half of the tickets on the other side are near misses, so precision is lower here than on what a
desk gets. A bundle of other code may have learned from some of that tenth: then a line on standard
error says so.

Run `python -m benchmarks.heads --bundle FOLDER`. Prints and writes benchmarks/results/heads.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.machine import circumstances
from schemas import Finding, Guardrail, Severity
from stream_app.bundle import code_sha256, read_bundle
from stream_app.guardrails import RuleSet, learned_abuse, learned_urgency, load_rules
from stream_app.inference import ABUSE_OUTPUT, URGENCY_OUTPUT, Prediction, open_classifier
from training.heads import QUESTIONS

RESULTS = Path(__file__).parent / "results" / "heads.json"

Learned = Callable[[float, str, Sequence[Finding], RuleSet], tuple[Finding, ...]]
Probability = Callable[[Prediction], float | None]

_JUDGED: dict[str, tuple[Guardrail, Learned, Probability]] = {
    URGENCY_OUTPUT: (
        Guardrail.URGENCY,
        lambda said, _, found, rules: learned_urgency(said, found, rules.learned),
        lambda prediction: prediction.urgency,
    ),
    ABUSE_OUTPUT: (Guardrail.TOXICITY, learned_abuse, lambda prediction: prediction.abuse),
}


def main() -> None:
    """Run the benchmark as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--bundle", type=Path, required=True, help="folder of a model bundle")
    arguments = parser.parse_args()
    bundle = read_bundle(arguments.bundle)
    if bundle.manifest.provenance.code_sha256 != code_sha256():
        print("warning: other code made this bundle; its figures may flatter", file=sys.stderr)
    rules = load_rules()
    report: dict[str, object] = {**circumstances(), "model": bundle.reference.model_dump()}
    classifier = open_classifier(bundle)
    try:
        for question in QUESTIONS:
            if question.output not in _JUDGED:
                continue
            judged = [
                example
                for example in question.examples()
                if example.weight == 1.0 and example.aside
            ]
            predictions = classifier.classify([example.text for example in judged])
            flags = [
                _flags(rules, example.text, prediction, question.output)
                for example, prediction in zip(judged, predictions, strict=True)
            ]
            truth = [example.yes for example in judged]
            by_rules, by_head = (list(column) for column in zip(*flags, strict=True))
            either = [any(pair) for pair in flags]
            report[question.output] = {
                "tickets": len(judged),
                "yes": sum(truth),
                "rules": _figures(by_rules, truth),
                "head": _figures(by_head, truth),
                "both": _figures(either, truth),
            }
    finally:
        classifier.close()
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


def _flags(rules: RuleSet, text: str, prediction: Prediction, output: str) -> tuple[bool, bool]:
    """Whether the rules flag a text, and whether the head does beside them."""
    guardrail, learned, probability = _JUDGED[output]
    found = rules.inspect(text)
    by_rules = any(
        finding.guardrail is guardrail and finding.severity is Severity.FLAG for finding in found
    )
    said = probability(prediction)
    if said is None:
        sys.exit(f"error: this bundle has no head for {output}: train a new one")
    added = learned(said, text, found, rules)
    return by_rules, any(finding.severity is Severity.FLAG for finding in added)


def _figures(flagged: Sequence[bool], truth: Sequence[bool]) -> dict[str, float]:
    hits = sum(flag and yes for flag, yes in zip(flagged, truth, strict=True))
    return {
        "recall": round(hits / sum(truth), 4),
        "precision": round(hits / max(1, sum(flagged)), 4),
    }


if __name__ == "__main__":
    main()
