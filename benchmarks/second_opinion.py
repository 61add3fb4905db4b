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
from benchmarks.throughput import WARM_UP_SHARE, texts_of
from benchmarks.worker_run import Result, worker_run
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
    off: list[float] = []
    on: list[float] = []
    asked: list[int] = []
    answered: list[int] = []
    with find_broker(on_progress=_say) as broker, _server(arguments.after) as base_url:
        for number in range(1, arguments.rounds + 1):
            without = _results(broker.bootstrap_servers, tickets, folder, {})
            with_it = _results(broker.bootstrap_servers, tickets, folder, _asking(base_url))
            decided = {
                result.key: TriagedTicket.model_validate_json(result.value) for result in with_it
            }
            unasked = {key for key, ticket in decided.items() if ticket.llm is None}
            off.append(_rate(without, unasked))
            on.append(_rate(with_it, unasked))
            asked.append(len(decided) - len(unasked))
            answered.append(
                sum(ticket.llm is not None and not ticket.degraded for ticket in decided.values())
            )
            _say(
                f"round {number} of {arguments.rounds}: {off[-1]:,.0f} tickets/s without, "
                f"{on[-1]:,.0f} with; {asked[-1]} asked, {answered[-1]} answered"
            )
    report = {
        **circumstances(),
        "model": read_bundle(folder).reference.model_dump(),
        "tickets": len(tickets),
        "rounds": arguments.rounds,
        "answer_after_s": arguments.after,
        "asked": asked,
        "answered": answered,
        "unasked_tickets_per_s_without": [round(rate) for rate in off],
        "unasked_tickets_per_s_with": [round(rate) for rate in on],
        "with_to_without": [round(b / a, 3) for a, b in zip(off, on, strict=True)],
        "median_with_to_without": round(
            statistics.median(b / a for a, b in zip(off, on, strict=True)), 3
        ),
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


def _rate(results: list[Result], keys: set[bytes]) -> float:
    """Tickets of `keys` a second, after the first `WARM_UP_SHARE`."""
    stamps = [result.timestamp for result in results if result.key in keys]
    first = int(len(stamps) * WARM_UP_SHARE)
    return (len(stamps) - first) / ((stamps[-1] - stamps[first]) / 1000)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
