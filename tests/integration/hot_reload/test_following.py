"""What follows the registry, on a real MLflow server and real processes, without a worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from prometheus_client import CollectorRegistry

from schemas import ModelEventKind, ModelReference, Priority, ShadowCounts
from stream_app.bundle import Label, read_bundle
from stream_app.hot_reload.cache import BundleCache
from stream_app.hot_reload.calls import Setup
from stream_app.hot_reload.challenger import ChallengerFollower
from stream_app.hot_reload.events import ModelEvents
from stream_app.hot_reload.follower import Follower
from stream_app.hot_reload.last_good import LastGoodPointer
from stream_app.hot_reload.metrics import ReloadMetrics
from stream_app.hot_reload.preparing import Preparing
from stream_app.hot_reload.quarantine import Quarantine
from stream_app.hot_reload.refusals import Refusals
from stream_app.hot_reload.serving import Served, ServingModel
from stream_app.hot_reload.shadow import LiveTicket, Shadow
from stream_app.inference import open_classifier
from stream_app.registry.layout import CHALLENGER, CHAMPION
from stream_app.registry.local_server import LocalRegistry
from stream_app.registry.version import RegisteredVersion
from stream_app.settings import InferenceSettings, RegistrySettings
from tests.registered import Registry, variant
from tests.unit.tiny_bundle import write_tiny_bundle
from tests.waiting import PATIENCE_S, wait_until

OTHER_INTENTS = tuple(
    Label(intent=intent, category="Technical", priority=Priority.LOW) for intent in "abc"
)


@dataclass(frozen=True)
class Told:
    kind: ModelEventKind
    serving: str
    version: int | None
    reason: str | None
    shadow: ShadowCounts | None


class Heard(ModelEvents):
    """Keeps the events instead of publishing them."""

    def __init__(self) -> None:
        self.told: list[Told] = []

    async def tell(self, kind: ModelEventKind, *, serving: ModelReference, **about: Any) -> None:
        self.told.append(
            Told(
                kind, serving.digest, *(about.get(name) for name in ("version", "reason", "shadow"))
            )
        )

    def of(self, kind: ModelEventKind) -> list[Told]:
        return [event for event in self.told if event.kind is kind]


class Patient(Preparing):
    """Does something when a bundle was checked, and fetches one only when it may."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup, request_timeout_s=5)
        self.on_checked: Callable[[], None] = lambda: None
        self.may_fetch = asyncio.Event()
        self.may_fetch.set()
        self.fetching = asyncio.Event()

    async def check(self, folder: Path) -> None:
        await super().check(folder)
        self.on_checked()

    async def fetch(self, version: RegisteredVersion) -> Path:
        self.fetching.set()
        await self.may_fetch.wait()
        return await super().fetch(version)


@dataclass
class Following:
    serving: ServingModel
    shadow: Shadow
    heard: Heard
    preparing: Patient
    shadow_preparing: Patient

    async def serves(self, folder: Path) -> None:
        digest = read_bundle(folder).reference.digest
        await until(lambda: self.serving.current.digest == digest, f"{folder} does not serve")

    async def heard_of(self, kind: ModelEventKind, version: int | None = None) -> Told:
        def found() -> list[Told]:
            return [each for each in self.heard.of(kind) if version in (None, each.version)]

        await until(lambda: bool(found()), f"no event {kind.value}")
        return found()[0]


async def until(holds: Callable[[], bool], otherwise: str) -> None:
    await asyncio.to_thread(wait_until, holds, otherwise)


@asynccontextmanager
async def following(
    registry: Registry, first: Path, number: int | None
) -> AsyncIterator[Following]:
    """Follows the registry's aliases from the bundle `first` on, which is version `number`."""
    metrics = ReloadMetrics(CollectorRegistry())
    serving = ServingModel(Served(open_classifier(read_bundle(first), lanes=1), number))
    setup = Setup(tracking_uri=registry.uri, model=registry.model, cache=registry.cache)
    preparing, shadow_preparing = Patient(setup), Patient(setup)
    heard, cache = Heard(), BundleCache(registry.cache)
    refusals = Refusals(Quarantine(), serving=serving, events=heard, metrics=metrics)
    shadow = Shadow(shadow_preparing, share=1.0, metrics=metrics)
    challenger = ChallengerFollower(
        resolving=preparing,
        preparing=shadow_preparing,
        serving=serving,
        refusals=refusals,
        shadow=shadow,
        events=heard,
    )
    follower = Follower(
        registry=RegistrySettings(model=registry.model, poll_s=0.2, shadow_share=1.0),
        inference=InferenceSettings(lanes=1),
        preparing=preparing,
        last_good=LastGoodPointer(cache, tracking_uri=registry.uri, alias=CHAMPION),
        refusals=refusals,
        serving=serving,
        challenger=challenger,
        events=heard,
        metrics=metrics,
        reachable=True,
    )
    running = [
        asyncio.create_task(work) for work in (follower.run(), challenger.run(), shadow.run())
    ]
    try:
        yield Following(serving, shadow, heard, preparing, shadow_preparing)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await preparing.close()
        await shadow_preparing.close()
        serving.close()


def follow(
    registry: Registry,
    first: Path,
    number: int | None,
    scenario: Callable[[Following], Awaitable[None]],
) -> None:
    async def run() -> None:
        async with following(registry, first, number) as worker:
            await scenario(worker)

    asyncio.run(run())


def bundles(folder: Path, *names: str) -> list[Path]:
    return [write_tiny_bundle(folder / name, version=name) for name in names]


def tickets(word: str, count: int) -> list[LiveTicket]:
    return [LiveTicket(f"{word}{n}".encode(), word, "card_stolen") for n in range(count)]


def test_a_version_that_is_rolled_back_while_it_is_prepared_never_serves(
    registry: Registry, tmp_path: Path
) -> None:
    first, second, third = bundles(tmp_path, "1", "2", "3")
    numbers = [registry.register(folder) for folder in (first, second, third)]
    registry.promote(numbers[0])

    async def scenario(worker: Following) -> None:
        checked = asyncio.Event()

        def roll_back() -> None:
            worker.preparing.on_checked = lambda: None
            registry.promote(numbers[0])
            checked.set()

        worker.preparing.on_checked = roll_back
        registry.promote(numbers[1])
        async with asyncio.timeout(PATIENCE_S):
            await checked.wait()
        registry.promote(numbers[2])
        await worker.serves(third)
        await worker.heard_of(ModelEventKind.SWAPPED)
        assert [event.version for event in worker.heard.of(ModelEventKind.SWAPPED)] == [numbers[2]]
        assert not worker.heard.of(ModelEventKind.ROLLED_BACK)

    follow(registry, first, numbers[0], scenario)


def test_what_stands_in_for_the_champion_gives_way_to_it_whatever_its_intents(
    registry: Registry, tmp_path: Path
) -> None:
    stand_in = write_tiny_bundle(tmp_path / "other", version="other", named=OTHER_INTENTS)
    first, second = bundles(tmp_path, "1", "2")
    registry.promote(registry.register(first))

    async def scenario(worker: Following) -> None:
        await worker.serves(first)
        # A version of the registry is held to its own intents from here on.
        number = registry.register(
            write_tiny_bundle(tmp_path / "another", version="another", named=OTHER_INTENTS)
        )
        registry.promote(number)
        refused = await worker.heard_of(ModelEventKind.REFUSED)
        assert (refused.version, "other intents" in (refused.reason or "")) == (number, True)
        registry.promote(registry.register(second))
        await worker.serves(second)

    follow(registry, stand_in, None, scenario)


def test_a_challenger_that_crashes_while_it_scores_is_closed_with_its_counts_and_not_opened_again(
    registry: Registry, tmp_path: Path
) -> None:
    first, sound = bundles(tmp_path, "1", "2")
    number = registry.register(first)
    registry.promote(number)
    crashing = registry.register(without_the_last_word(first, tmp_path))
    registry.promote(crashing, CHALLENGER)

    async def scenario(worker: Following) -> None:
        await worker.heard_of(ModelEventKind.CHALLENGER_OPENED)
        worker.shadow.offer(tickets("stolen", 5))
        await until(lambda: worker.shadow.counts.scored == 5, "not all tickets were scored")
        worker.shadow.offer(tickets("delivery", 1))
        closed = await worker.heard_of(ModelEventKind.CHALLENGER_CLOSED)
        assert "ended with exit code" in (closed.reason or "")
        assert closed.shadow is not None
        assert closed.shadow.scored == 5
        await worker.heard_of(ModelEventKind.REFUSED, crashing)
        replaced = registry.register(sound)
        registry.promote(replaced, CHALLENGER)
        await worker.heard_of(ModelEventKind.CHALLENGER_OPENED, replaced)
        opened = worker.heard.of(ModelEventKind.CHALLENGER_OPENED)
        assert [event.version for event in opened] == [crashing, replaced]

    follow(registry, first, number, scenario)


def test_a_challenger_is_counted_anew_against_each_champion(
    registry: Registry, tmp_path: Path
) -> None:
    first, second, scored = bundles(tmp_path, "1", "2", "3")
    number = registry.register(first)
    registry.promote(number)
    registry.promote(registry.register(scored), CHALLENGER)

    async def scenario(worker: Following) -> None:
        await worker.heard_of(ModelEventKind.CHALLENGER_OPENED)
        worker.shadow.offer(tickets("stolen", 5))
        await until(lambda: worker.shadow.counts.scored == 5, "not all tickets were scored")
        registry.promote(registry.register(second))
        await worker.heard_of(ModelEventKind.SWAPPED)
        (closed,) = worker.heard.of(ModelEventKind.CHALLENGER_CLOSED)
        assert closed.shadow is not None
        assert closed.shadow.scored == 5
        assert closed.serving == read_bundle(first).reference.digest
        opened = worker.heard.of(ModelEventKind.CHALLENGER_OPENED)[-1]
        assert opened.shadow is not None
        assert opened.shadow.scored == 0
        assert opened.serving == read_bundle(second).reference.digest
        worker.shadow.offer(tickets("stolen", 2))
        await until(lambda: worker.shadow.counts.scored == 2, "scoring did not go on")

    follow(registry, first, number, scenario)


def test_a_challenger_that_does_not_come_holds_up_no_champion(
    registry: Registry, tmp_path: Path
) -> None:
    first, second, slow = bundles(tmp_path, "1", "2", "3")
    number = registry.register(first)
    registry.promote(number)
    registry.promote(registry.register(slow), CHALLENGER)

    async def scenario(worker: Following) -> None:
        worker.shadow_preparing.may_fetch.clear()
        async with asyncio.timeout(PATIENCE_S):
            await worker.shadow_preparing.fetching.wait()
        registry.promote(registry.register(second))
        await worker.serves(second)
        registry.promote(number)
        await worker.serves(first)

    follow(registry, first, number, scenario)


def test_a_champion_whose_files_are_gone_is_refused_and_no_outage(
    registry: Registry, mlflow_server: LocalRegistry, tmp_path: Path
) -> None:
    first, gone, second = bundles(tmp_path, "1", "2", "3")
    number = registry.register(first)
    registry.promote(number)
    gone_number = registry.register(gone)
    registry.stored(gone_number, mlflow_server, "model.onnx").unlink()

    async def scenario(worker: Following) -> None:
        registry.promote(gone_number)
        refused = await worker.heard_of(ModelEventKind.REFUSED)
        assert "no longer has model.onnx" in (refused.reason or "")
        registry.promote(registry.register(second))
        await worker.serves(second)
        assert not worker.heard.of(ModelEventKind.UNREACHABLE)

    follow(registry, first, number, scenario)


def without_the_last_word(folder: Path, into: Path) -> Path:
    """A bundle whose graph does what the golden tickets ask and fails on the word `delivery`."""
    model = onnx.load(read_bundle(folder).model_path)
    (table,) = (each for each in model.graph.initializer if each.name == "table")
    table.CopyFrom(numpy_helper.from_array(np.eye(3, 4, dtype=np.float32), "table"))
    onnx.save(model, into / "short.onnx")
    return variant(folder, into, version="crashing", graph=into / "short.onnx")
