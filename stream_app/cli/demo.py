"""`tickets demo`: the whole job on real parts, for somebody who sees it for the first time."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.cli.output import JsonFlag, err, out, print_json

if TYPE_CHECKING:
    from stream_app.broker import Broker
    from stream_app.demo.arrivals import Arrival
    from stream_app.demo.ledger import Ledger
    from stream_app.demo.outcome import Outcome
    from stream_app.demo.queue_view import QueueView
    from stream_app.demo.quick_training import QuickTraining
    from stream_app.demo.stage_view import StageView
    from stream_app.local_worker import LocalWorker
    from stream_app.settings import Settings

INTERRUPTED = 130
REFRESH_S = 0.15
LOOK_EVERY_S = 0.2


def demo(
    tickets: Annotated[
        int | None, typer.Option("--tickets", min=1, help="Well-formed tickets; else all.")
    ] = None,
    rate: Annotated[
        float, typer.Option("--rate", min=0.0, help="Records a second; 0: as fast as it goes.")
    ] = 10.0,
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", help="Use this model instead of training.", metavar="DIR"),
    ] = None,
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Train anew although a demo's model is here.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Watch the whole job: a broker, a model trained here, a worker, and a few hundred tickets.

    Ends with the balance of what was sent and what came out, and exits with 4 where it does not
    hold. Ctrl-C ends everything that was started.
    """
    from stream_app.errors import CheckFailed, UserError

    if bundle is not None and retrain:
        raise UserError("--bundle takes a model as it is, --retrain makes one: give one of them")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        conserved = _run(tickets, rate or None, bundle, retrain=retrain, as_json=as_json)
    except KeyboardInterrupt:
        err.print("interrupted: everything that the demo started is stopped")
        raise typer.Exit(INTERRUPTED) from None
    if not conserved:
        raise CheckFailed("the balance does not hold")


def _run(
    tickets: int | None, rate: float | None, bundle: Path | None, *, retrain: bool, as_json: bool
) -> bool:
    """The whole demo; whether the balance holds."""
    from stream_app.bundle import bundle_store, list_bundles
    from stream_app.demo.arrivals import arrivals
    from stream_app.demo.closing_view import print_closing, print_next
    from stream_app.demo.ledger import Ledger

    started = time.monotonic()
    bundle = bundle.resolve() if bundle else None
    with ExitStack() as stack, _one_interrupt():
        scene = _start(stack, bundle, retrain=retrain)
        # The mock keeps no more than 5 MiB of a partition.
        records = arrivals(tickets, oversized=scene.broker.kind != "mock")
        ledger = Ledger(records, scene.settings.topics.raw)
        streamed = time.monotonic()
        asyncio.run(_watch(scene, records, ledger, rate))
        stream_seconds = time.monotonic() - streamed
        balance = ledger.balance()
        if not as_json:
            print_closing(out, balance, ledger)
    if as_json:
        print_json(
            {
                **balance.model_dump(mode="json"),
                "conserved": balance.holds,
                "seconds": round(time.monotonic() - started, 1),
                "stream_seconds": round(stream_seconds, 1),
                "trained": scene.trained,
                "bundle": str(scene.model),
                "broker": {"kind": scene.broker.kind, "description": scene.broker.description},
            }
        )
        return balance.holds
    out.print(f"\n{time.monotonic() - started:.0f} s in all, everything is stopped again")
    found = list_bundles(bundle_store())[-1:] == [scene.model]
    print_next(out, scene.broker.kind, None if found else scene.model)
    return balance.holds


@dataclass(frozen=True, slots=True)
class _Scene:
    """All that is up once the records can flow."""

    broker: Broker
    model: Path
    trained: bool
    settings: Settings
    worker: LocalWorker


def _start(stack: ExitStack, bundle: Path | None, *, retrain: bool) -> _Scene:
    """Bring everything up, the broker while the model trains; `stack` takes it down again."""
    from stream_app.broker import find_broker
    from stream_app.demo.stage_view import StageView
    from stream_app.isolation import isolated_settings
    from stream_app.kafka_client import aiokafka_options
    from stream_app.settings import load_settings

    security = aiokafka_options(load_settings().kafka)
    with StageView(err) as stages:

        def tell_broker(line: str) -> None:
            # The last line is what the broker says of itself, which is shown with its tick.
            if not line.startswith("broker at "):
                stages.begin("broker", lambda: line)

        training = _begin_training(stack, stages, bundle, retrain=retrain)
        tell_broker("looking for one")
        broker = stack.enter_context(find_broker(on_progress=tell_broker, kafka_security=security))
        stages.done("broker", f"{broker.bootstrap_servers}: {broker.description}")
        settings = isolated_settings(broker, "demo")
        _make_topics(stack, broker, settings)
        stages.done("topics", f"{settings.topics.raw} → {', '.join(settings.topics.outputs)}")
        model = training if isinstance(training, Path) else _finish(training, stages)
        worker = _start_worker(stack, settings, model, stages)
    return _Scene(broker, model, not isinstance(training, Path), settings, worker)


def _begin_training(
    stack: ExitStack, stages: StageView, bundle: Path | None, *, retrain: bool
) -> Path | QuickTraining:
    """The model, where it is here already, else the training that makes it."""
    from stream_app.bundle import bundle_store
    from stream_app.demo.quick_training import QuickTraining, kept_bundle

    if bundle is not None:
        stages.done("model", f"{_about(bundle)}, as given")
        return bundle
    kept = None if retrain else kept_bundle(bundle_store())
    if kept is not None:
        stages.done("model", f"{_about(kept)}; trained here before, --retrain makes another")
        return kept
    training = stack.enter_context(QuickTraining(bundle_store()))
    stages.begin("model", _training_line(training))
    return training


def _training_line(training: QuickTraining) -> Callable[[], str]:
    return lambda: f"training on the starter set, once for all demos: {training.progress}"


def _about(model: Path) -> str:
    """Name and held-out accuracy of a bundle. Raises `BundleError` where it must not serve."""
    from stream_app.bundle import read_bundle

    manifest = read_bundle(model).manifest
    accuracy = manifest.provenance.metrics.get("accuracy_int8")
    known = "" if accuracy is None else f", right on {accuracy:.0%} of the tickets kept from it"
    return f"{manifest.name} {manifest.version}{known}"


def _make_topics(stack: ExitStack, broker: Broker, settings: Settings) -> None:
    from stream_app.broker import ensure_topics
    from stream_app.isolation import remove_topics
    from stream_app.kafka_client import aiokafka_options
    from stream_app.topics import topic_specs

    if broker.kind == "external":
        stack.callback(lambda: asyncio.run(remove_topics(settings)))
    asyncio.run(
        ensure_topics(
            broker.bootstrap_servers,
            topic_specs(settings.topics),
            kafka_security=aiokafka_options(settings.kafka),
        )
    )


def _finish(training: QuickTraining, stages: StageView) -> Path:
    """Wait for the training and return its bundle."""
    while training.running:
        stages.tell()
        time.sleep(LOOK_EVERY_S)
    model = training.bundle()
    stages.done("model", f"{_about(model)}, trained in {training.seconds:.0f} s")
    return model


def _start_worker(
    stack: ExitStack, settings: Settings, model: Path, stages: StageView
) -> LocalWorker:
    from stream_app.isolation import worker_environment
    from stream_app.local_worker import LocalWorker

    began = time.monotonic()
    stages.begin("worker", lambda: "opening the model and joining its consumer group")
    worker = stack.enter_context(LocalWorker(worker_environment(settings), bundle=model))
    worker.wait_until_ready()
    stages.done(
        "worker",
        f"ready in {time.monotonic() - began:.0f} s, "
        f"alone in consumer group {settings.worker.consumer_group}",
    )
    return worker


async def _watch(
    scene: _Scene, records: Sequence[Arrival], ledger: Ledger, rate: float | None
) -> None:
    """Let the records flow and show it: live on a terminal, line by line elsewhere."""
    from stream_app.demo.queue_view import QueueView, plain_line
    from stream_app.demo.stream import stream

    def print_line(outcome: Outcome) -> None:
        err.print(plain_line(outcome), markup=False, soft_wrap=True)

    view = QueueView(len(records))
    live = err.is_interactive
    async with _live(view) if live else contextlib.nullcontext():
        await stream(
            scene.settings,
            records,
            ledger,
            scene.worker,
            rate=rate,
            on_sent=view.note_sent,
            on_outcome=view.note_outcome if live else print_line,
        )


@asynccontextmanager
async def _live(view: QueueView) -> AsyncIterator[None]:
    """Draw `view` again and again, in this thread: it is changed here too."""
    from rich.live import Live

    async def refresh() -> None:
        while True:
            live.refresh()
            await asyncio.sleep(REFRESH_S)

    with Live(view, console=err, auto_refresh=False, transient=True) as live:
        refreshing = asyncio.create_task(refresh())
        try:
            yield
        finally:
            refreshing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await refreshing


@contextmanager
def _one_interrupt() -> Iterator[None]:
    """A second Ctrl-C must not cut short the cleaning up after the first."""
    try:
        yield
    except KeyboardInterrupt:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        raise
