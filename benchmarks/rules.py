"""What all guardrail rules together cost a ticket, in processor time on one core.

Run `python -m benchmarks.rules`. Takes the best of some rounds, since what a slower one adds is
other work of the machine. Prints and writes benchmarks/results/rules.json.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import circumstances
from benchmarks.throughput import texts_of
from stream_app.guardrails import RuleSet, load_rules

RESULTS = Path(__file__).parent / "results" / "rules.json"
DESK = Path(__file__).parent / "desk_tickets" / "tickets.csv"


def main() -> None:
    """Run the benchmark as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", help="as in `tickets replay`; else banking77, else the starter")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    started = time.process_time()
    rules = load_rules()
    load_s = time.process_time() - started
    with DESK.open(encoding="utf-8", newline="") as file:
        desk = [row["text"] for row in csv.DictReader(file)]
    texts = {"data": texts_of(arguments.data), "desk_tickets": desk}
    report = {
        **circumstances(),
        "rules": len(rules.rules),
        "load_s": round(load_s, 2),
        **{
            f"{name}_us_a_ticket": round(microseconds(rules, some, arguments.rounds), 1)
            for name, some in texts.items()
        },
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


def microseconds(rules: RuleSet, texts: Sequence[str], rounds: int) -> float:
    """Processor time a text in the fastest of `rounds` rounds."""
    seconds = []
    for _ in range(rounds):
        started = time.process_time()
        for text in texts:
            rules.inspect(text)
        seconds.append(time.process_time() - started)
    return min(seconds) / len(texts) * 1e6


if __name__ == "__main__":
    main()
