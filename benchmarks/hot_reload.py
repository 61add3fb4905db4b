"""The longest pause between two results, with reloads and without, on the same load.

A worker decides tickets at a steady rate from real Kafka while its champion is moved again and
again on a real MLflow server, and in the end back to the version before. Phases with and without
reloads take turns, and the pauses are read from the broker's own timestamps of the results, of
which a reload may lengthen none by much.

The default rate leaves the machine about half idle. At a rate that it can hardly keep up with,
results come a micro-batch at a time, and the pauses are those between micro-batches.

Run `python -m benchmarks.hot_reload`. Prints and writes benchmarks/results/hot_reload.json.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient

from benchmarks.machine import circumstances
from benchmarks.worker_run import create_topics, forget_settings
from schemas import ModelEvent, RawTicket
from stream_app.broker import find_broker
from stream_app.bundle import bundle_store, newest_bundle, read_bundle
from stream_app.errors import CheckFailed
from stream_app.hot_reload.nudge import nudge
from stream_app.isolation import worker_environment
from stream_app.labelled_data import load_test_rows
from stream_app.local_worker import LocalWorker
from stream_app.messages import OutgoingRecord
from stream_app.producer import open_producer
from stream_app.registry.layout import CHAMPION
from stream_app.registry.local_server import start_local_registry
from stream_app.settings import Settings, load_settings
from stream_app.topic_reader import open_reader
from tests.registered import variant
from training.registration import register_bundle

RESULTS = Path(__file__).parent / "results" / "hot_reload.json"
STARTER = Path(__file__).resolve().parent.parent / "training" / "starter" / "part_a.csv"
SERVING_WITHIN_S = 120.0
SETTLE_S = 5.0
"""Not timed at the beginning: joining the group and the first fetches are start-up."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of time in milliseconds since 1970, and how many reloads fell into it."""

    begins: int
    ends: int
    reloads: int


def main() -> None:
    """Run the benchmark as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--bundle", type=Path, help="else the newest on this machine")
    parser.add_argument("--rate", type=float, default=60.0, help="tickets a second")
    parser.add_argument("--reloads", type=int, default=10, help="promotions a phase")
    parser.add_argument("--rounds", type=int, default=3, help="phases of each kind")
    arguments = parser.parse_args()
    folder = arguments.bundle or newest_bundle(bundle_store())
    report = circumstances() | asyncio.run(
        measure(folder, arguments.rate, arguments.reloads, arguments.rounds)
    )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


async def measure(folder: Path, rate: float, reloads: int, rounds: int) -> dict[str, object]:
    """Run all phases and return the figures, pauses in milliseconds."""
    forget_settings()
    run = f"bench-{uuid.uuid4().hex[:8]}"
    with (
        tempfile.TemporaryDirectory() as scratch,
        find_broker(on_progress=_say) as broker,
        start_local_registry(on_progress=_say) as server,
    ):
        client = MlflowClient(tracking_uri=server.uri, registry_uri=server.uri)
        numbers = _register(server.uri, run, folder, Path(scratch), reloads * rounds + 1)
        settings = _settings(broker.bootstrap_servers, run)
        await create_topics(broker.bootstrap_servers, settings.topics)
        client.set_registered_model_alias(run, CHAMPION, str(numbers[0]))
        environment = worker_environment(settings) | {
            "TICKETS_REGISTRY_TRACKING_URI": server.uri,
            "TICKETS_REGISTRY_MODEL": run,
            "TICKETS_REGISTRY_CACHE_DIR": str(Path(scratch) / "cache"),
        }
        with LocalWorker(environment) as worker:
            await asyncio.to_thread(worker.wait_until_ready)
            feeding = asyncio.create_task(_feed(settings, rate))
            await asyncio.sleep(SETTLE_S)
            phases = []
            left = iter(numbers[1:])
            for number in range(1, rounds + 1):
                _say(f"round {number} of {rounds}")
                with_reloads = await _reload(settings, client, run, worker, left, reloads)
                length_s = (with_reloads.ends - with_reloads.begins) / 1000
                quiet_from = _now_ms()
                await asyncio.sleep(length_s)
                phases += [with_reloads, Phase(quiet_from, _now_ms(), 0)]
            feeding.cancel()
        stamps = sorted(await _result_times(settings))
        swaps = await _reload_seconds(settings)
    return _figures(stamps, phases, swaps) | {
        "model": read_bundle(folder).reference.model_dump(),
        "rate_tickets_per_s": rate,
        "reloads": sum(phase.reloads for phase in phases),
    }


def _register(server: str, model: str, folder: Path, scratch: Path, count: int) -> list[int]:
    """`count` versions of one model that differ in nothing but their bundle's version."""
    return [
        register_bundle(
            variant(folder, scratch, version=f"v{number}"), tracking_uri=server, model=model
        )
        for number in range(count)
    ]


def _settings(servers: str, run: str) -> Settings:
    names = ("raw", "priority", "toxic", "review", "standard", "dlq", "feedback")
    of_models = ("model_control", "model_events")
    return load_settings(
        kafka={"bootstrap_servers": servers},
        topics={name: f"{run}.{name}" for name in (*names, *of_models)},
        worker={"consumer_group": run},
    )


async def _feed(settings: Settings, rate: float) -> None:
    """Send tickets at `rate` a second, evenly spread, until cancelled."""
    texts = [row.text for row in load_test_rows(str(STARTER))]
    servers = settings.kafka.bootstrap_servers or ""
    async with open_producer(servers, {}, client_id="benchmark") as producer:
        started = time.monotonic()
        for number in itertools.count():
            ticket = RawTicket(ticket_id=f"b{number}", text=texts[number % len(texts)])
            value = ticket.model_dump_json(include={"ticket_id", "text"}).encode()
            record = OutgoingRecord(settings.topics.raw, f"b{number}".encode(), value, [])
            await producer.hand_over(record)
            await asyncio.sleep(max(0.0, started + number / rate - time.monotonic()))


async def _reload(
    settings: Settings,
    client: MlflowClient,
    model: str,
    worker: LocalWorker,
    numbers: Iterator[int],
    reloads: int,
) -> Phase:
    """Promote the next versions, each as soon as the one before serves; go back by one."""
    begins = _now_ms()
    promoted = list(itertools.islice(numbers, reloads))
    for number in [*promoted, promoted[-1] - 1]:
        await asyncio.to_thread(client.set_registered_model_alias, model, CHAMPION, str(number))
        await nudge(settings)
        await asyncio.to_thread(_wait_until_serving, worker, f"v{number - 1}")
    return Phase(begins, _now_ms(), reloads + 1)


def _wait_until_serving(worker: LocalWorker, version: str) -> None:
    deadline = time.monotonic() + SERVING_WITHIN_S
    while f'version="{version}"' not in worker.metrics():
        if time.monotonic() > deadline:
            raise CheckFailed(f"{version} did not serve in {SERVING_WITHIN_S:g} s")
        time.sleep(0.5)


async def _result_times(settings: Settings) -> list[int]:
    servers = settings.kafka.bootstrap_servers or ""
    async with open_reader(servers, {}, settings.topics.outputs, follow=False) as reader:
        return [record.timestamp async for record in reader]


async def _reload_seconds(settings: Settings) -> list[float]:
    servers = settings.kafka.bootstrap_servers or ""
    async with open_reader(servers, {}, [settings.topics.model_events], follow=False) as reader:
        events = [ModelEvent.model_validate_json(record.value or b"") async for record in reader]
    return [event.seconds for event in events if event.seconds is not None]


def _figures(
    stamps: list[int], phases: list[Phase], swaps: list[float]
) -> dict[str, int | float | list[int]]:
    longest: dict[bool, list[int]] = {True: [], False: []}
    for phase in phases:
        inside = [stamp for stamp in stamps if phase.begins <= stamp <= phase.ends]
        gaps = (later - earlier for earlier, later in itertools.pairwise(inside))
        longest[phase.reloads > 0].append(max(gaps))
    return {
        "longest_gap_ms_with_reloads": longest[True],
        "longest_gap_ms_without": longest[False],
        "median_longest_gap_ms_with_reloads": statistics.median(longest[True]),
        "median_longest_gap_ms_without": statistics.median(longest[False]),
        "median_added_ms": statistics.median(
            there - none for there, none in zip(longest[True], longest[False], strict=True)
        ),
        "reload_s_median": statistics.median(swaps),
        "reload_s_longest": max(swaps),
    }


def _now_ms() -> int:
    return round(time.time() * 1000)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
