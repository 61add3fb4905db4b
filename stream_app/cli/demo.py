"""`tickets demo`: the whole job on real parts, for somebody who sees it for the first time."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.cli.output import JsonFlag, err, out, print_json

if TYPE_CHECKING:
    from stream_app.demo.arrivals import Arrival
    from stream_app.demo.ledger import Ledger
    from stream_app.demo.outcome import Outcome
    from stream_app.demo.queue_view import QueueView
    from stream_app.demo.scene import Scene

INTERRUPTED = 130
REFRESH_S = 0.15


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

    While they flow, a second model is trained, passes the gate and takes over.

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
    from stream_app.demo.models import SECOND, kept_bundle
    from stream_app.demo.scene import set_up
    from stream_app.demo.stage_view import StageView

    started = time.monotonic()
    bundle = bundle.resolve() if bundle else None
    with ExitStack() as stack, _one_interrupt():
        with StageView(err) as stages:
            scene = set_up(stack, stages, bundle, retrain=retrain)
        # The mock keeps no more than 5 MiB of a partition.
        records = arrivals(tickets, oversized=scene.broker.kind != "mock")
        ledger = Ledger(records, scene.settings.topics.raw)
        streamed = time.monotonic()
        asyncio.run(_watch(scene, records, ledger, rate))
        stream_seconds = time.monotonic() - streamed
        balance = ledger.balance()
        best = scene.first if bundle else kept_bundle(bundle_store(), SECOND) or scene.first
        if not as_json:
            print_closing(out, balance, ledger)
    if as_json:
        print_json(
            {
                **balance.model_dump(mode="json"),
                "conserved": balance.holds,
                "seconds": round(time.monotonic() - started, 1),
                "stream_seconds": round(stream_seconds, 1),
                "trained": scene.models is not None and scene.models.trained,
                "bundle": str(best),
                "broker": {"kind": scene.broker.kind, "description": scene.broker.description},
            }
        )
        return balance.holds
    out.print(f"\n{time.monotonic() - started:.0f} s in all, everything is stopped again")
    found = list_bundles(bundle_store())[-1:] == [best]
    print_next(out, scene.broker.kind, None if found else best)
    return balance.holds


async def _watch(
    scene: Scene, records: Sequence[Arrival], ledger: Ledger, rate: float | None
) -> None:
    """Let the records flow and show it: live on a terminal, line by line elsewhere."""
    from stream_app.demo.promotion import promote_second
    from stream_app.demo.queue_view import QueueView, plain_line
    from stream_app.demo.stream import stream

    def print_line(outcome: Outcome) -> None:
        err.print(plain_line(outcome), markup=False, soft_wrap=True)

    def print_news(line: str) -> None:
        err.print(f"{'model':<9} {line}", markup=False, soft_wrap=True)

    view = QueueView(len(records))
    live = err.is_interactive
    promotion = None
    if scene.models is not None:
        tell = view.note_news if live else print_news
        promotion = promote_second(scene.models, scene.environment, tell)
    async with _live(view) if live else contextlib.nullcontext():
        await stream(
            scene.settings,
            records,
            ledger,
            scene.worker,
            rate=rate,
            promotion=promotion,
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
