"""What the language-model layer costs the tickets that do not need it, off and on in turn.

A worker decides the same tickets from real Kafka without the layer and with it, its server in a
process of its own on the same cores, answering after 300 ms. The rate is that of the tickets that
no question was asked about; the budget of an hour and the cache are out of the way.

Run `python -m benchmarks.second_opinion`. Prints and writes benchmarks/results/second_opinion.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.machine import circumstances
from benchmarks.throughput import texts_of
from benchmarks.worker_run import Result, rate, worker_run
from schemas import TriagedTicket
from stream_app.broker import find_broker
from stream_app.bundle import bundle_store, newest_bundle, read_bundle

RESULTS = Path(__file__).parent / "results" / "second_opinion.json"


def main() -> None:
    """Run the benchmark as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", help="as in `tickets replay`; else banking77, else the starter")
    parser.add_argument("--bundle", type=Path, help="else the newest on this machine")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tickets", type=int, default=9_000, help="tickets a round")
    parser.add_argument("--after", type=float, default=0.3, help="seconds until the server answers")
    arguments = parser.parse_args()
    texts = texts_of(arguments.data)
    # Numbered, so that the cache knows none of them.
    tickets = [f"{texts[n % len(texts)]} ({n})" for n in range(arguments.tickets)]
    folder = arguments.bundle or newest_bundle(bundle_store())
    rates_without: list[float] = []
    rates_with: list[float] = []
    asked: list[int] = []
    answered: list[int] = []
    with find_broker(on_progress=_say) as broker, _server(arguments.after) as base_url:
        for number in range(1, arguments.rounds + 1):
            ran: dict[bool, list[Result]] = {}
            # Each goes first in turn: the second of a pair may find another machine.
            for asking in (False, True) if number % 2 else (True, False):
                environment = _asking(base_url) if asking else {}
                ran[asking] = _results(broker.bootstrap_servers, tickets, folder, environment)
            without, with_it = ran[False], ran[True]
            decided = {
                result.key: TriagedTicket.model_validate_json(result.value) for result in with_it
            }
            unasked = {key for key, ticket in decided.items() if ticket.llm is None}
            rates_without.append(
                rate([result.timestamp for result in without if result.key in unasked])
            )
            rates_with.append(
                rate([result.timestamp for result in with_it if result.key in unasked])
            )
            asked.append(len(decided) - len(unasked))
            answered.append(
                sum(ticket.llm is not None and not ticket.degraded for ticket in decided.values())
            )
            _say(
                f"round {number} of {arguments.rounds}: {rates_without[-1]:,.0f}/s without, "
                f"{rates_with[-1]:,.0f} with; {asked[-1]} asked, {answered[-1]} answered"
            )
    ratios = [one / other for one, other in zip(rates_with, rates_without, strict=True)]
    report = {
        **circumstances(),
        "model": read_bundle(folder).reference.model_dump(),
        "tickets": len(tickets),
        "rounds": arguments.rounds,
        "answer_after_s": arguments.after,
        "asked": asked,
        "answered": answered,
        "unasked_tickets_per_s_without": [round(each) for each in rates_without],
        "unasked_tickets_per_s_with": [round(each) for each in rates_with],
        "with_to_without": [round(each, 3) for each in ratios],
        "median_with_to_without": round(statistics.median(ratios), 3),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


@contextmanager
def _server(after_s: float) -> Iterator[str]:
    """The address of a server that gives every question a right answer."""
    command = [sys.executable, "-m", "tests.llm_server", "--after", str(after_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise RuntimeError("the server was started without a pipe")
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _asking(base_url: str) -> dict[str, str]:
    return {
        "TICKETS_LLM_API_KEY": "test-key",
        "TICKETS_LLM_BASE_URL": base_url,
        "TICKETS_LLM_MODEL": "test-model",
        "TICKETS_LLM_TOKENS_PER_HOUR": "1000000000",
    }


def _results(
    servers: str, tickets: list[str], folder: Path, environment: Mapping[str, str]
) -> list[Result]:
    with worker_run(servers, tickets, bundle=folder, environment=environment) as run:
        run.wait_until_acked()
        return run.results()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
