"""The worker's life: open what it needs, run until told to stop or until something breaks, close.

Owns the order of start and stop and the reason of the end; the work itself is the pipeline's.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from faust import App
from prometheus_client import CollectorRegistry

from stream_app.broker import ensure_topics
from stream_app.broker.probe import check_answers
from stream_app.errors import Unavailable
from stream_app.guardrails import ToxicityModel, load_rules
from stream_app.hot_reload.models import open_models
from stream_app.hot_reload.serving import ServingModel
from stream_app.hot_reload.shadow import Shadow
from stream_app.kafka_client import aiokafka_options, bootstrap_servers
from stream_app.llm import LlmLayer, open_layer
from stream_app.local_triage import open_toxicity_model
from stream_app.producer import RecordProducer, open_producer
from stream_app.routing import load_policy
from stream_app.settings import Settings
from stream_app.topics import topic_specs
from stream_app.worker.dead_letter_run import DeadLetterRun
from stream_app.worker.decide import Decider
from stream_app.worker.faust_app import RawEvent, TakenBatch, build_app
from stream_app.worker.lag import LagMeter
from stream_app.worker.metrics import WorkerMetrics
from stream_app.worker.pipeline import Pipeline
from stream_app.worker.probes import Probes
from stream_app.worker.stop_signal import StopSignal

log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 5.0
"""How long a broker may take to answer at start."""

JOINED_WITHIN_S = 120.0
"""How long the consumer group may take: twice what a member may be busy in a rebalance. The client
waits for ever, also for a group that the account may not read and for offsets that the cluster has
no place for."""

LOCK_TURN_S = 0.001
"""The longest turn of the interpreter's lock. The event loop and the lanes give it away with each
request and each batch, and wait a turn for busy threads to give it back: at the default of 5 ms the
processors stood idle for 2.5 % more of the time (see docs/performance.md)."""

NEW_OBJECTS = 10_000
"""How many more objects than were freed start a garbage collection. Thousands of tickets wait for
their acks, none of them garbage: at the interpreter's default of 700 going through them took up to
2 % of the processor time (see docs/performance.md)."""

STOPPED_WITHIN_S = 3.0
"""How long committing and leaving the group may take at the end."""


async def run_worker(settings: Settings, *, on_ready: Callable[[str], None]) -> None:
    """Run until SIGTERM or SIGINT; return once everything in flight is acked and committed.

    `on_ready` gets one line when records can flow. Raises `UserError` for what the operator can
    mend (settings, broker, bundle, too many dead letters) and the original exception for a fault
    of ours; in both cases nothing of the failed micro-batch is acked.
    """
    stop = StopSignal()
    try:
        await _run(settings, stop, on_ready)
    except asyncio.CancelledError:
        if not stop.asked.is_set():
            raise
        log.info("stopped before it was ready")


async def _run(settings: Settings, stop: StopSignal, on_ready: Callable[[str], None]) -> None:
    metrics = WorkerMetrics()
    state = _State()
    async with contextlib.AsyncExitStack() as stack:
        # Before anything that takes long: whoever supervises the worker asks from the first second.
        probes = Probes(metrics.registry, state.reason_not_ready)
        port = await probes.start(settings.worker.probe_host, settings.worker.probe_port)
        stack.push_async_callback(probes.stop)
        # Nothing is in flight yet, and a first download may take minutes, which no cancellation
        # ends. By hand, since the first process of a container is spared the default action.
        signal.signal(signal.SIGTERM, lambda number, _: os._exit(128 + number))
        models = await stack.enter_async_context(open_models(settings))
        stop.listen()
        toxicity = stack.enter_context(open_toxicity_model(settings))
        decider = await asyncio.to_thread(_decider, settings, models.serving, toxicity)
        llm = await asyncio.to_thread(open_layer, settings.llm, metrics.registry)
        if llm is not None:
            stack.push_async_callback(llm.aclose)
        shadow = models.shadow(metrics.models)
        metrics.models.serving(models.serving.current.classifier.reference)
        security = aiokafka_options(settings.kafka)
        servers = bootstrap_servers(settings.kafka)
        await asyncio.to_thread(
            check_answers, servers, timeout_s=ANSWER_WITHIN_S, kafka_security=security
        )
        await ensure_topics(servers, topic_specs(settings.topics), kafka_security=security)
        producer = await stack.enter_async_context(
            open_producer(servers, security, client_id="ticket-worker")
        )
        app, pipeline = _wire(settings, decider, producer, metrics, shadow, llm)
        stack.push_async_callback(pipeline.close)
        lag = LagMeter(
            servers,
            security,
            topic=settings.topics.raw,
            consumer_group=settings.worker.consumer_group,
            gauge=metrics.lag,
        )
        await stack.enter_async_context(_background(lag.run()))
        # While the group is joined, which is mostly waiting: the first tickets would wait for it.
        compiling = asyncio.create_task(asyncio.to_thread(decider.rules.compile))
        try:
            await _join(app, settings.worker.consumer_group)
            await compiling
            stop.started()
            _calm_garbage_collection()
            sys.setswitchinterval(LOCK_TURN_S)
            state.app = app
            on_ready(
                f"worker ready: group {settings.worker.consumer_group} on {servers}, "
                f"model {models}, probes on http://{settings.worker.probe_host}:{port}"
            )
            following = models.follow(shadow, producer, metrics.models)
            await stack.enter_async_context(_background(following))
            await _until_end(app, pipeline, stop.asked)
            log.info("stopping: waiting for micro-batches in flight")
            if not await pipeline.drain(settings.worker.shutdown_s):
                log.warning("not all in time: what is left will be redelivered")
        finally:
            state.app = None
            await _stop_app(app)


def _calm_garbage_collection() -> None:
    """Keep what was loaded at start out of garbage collection, and collect less often.

    A full collection went through all of it, which held up every thread for 70 to 90 ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)


async def _join(app: App, consumer_group: str) -> None:
    """Start to consume. Raises `Unavailable` where the group takes no member in time."""
    try:
        async with asyncio.timeout(JOINED_WITHIN_S):
            await app.start()
    except TimeoutError as error:
        raise Unavailable(
            f"the consumer group {consumer_group} took no member within {JOINED_WITHIN_S:g} s: "
            "check that the account may read the group, and that the cluster can hold its offsets "
            "(offsets.topic.replication.factor needs as many brokers)"
        ) from error


async def _stop_app(app: App) -> None:
    """Commit what is acked and leave the group, as far as a broker answers in time."""
    # Not `wait_for`: when it gives up, the application ends quietly, as if all had been committed.
    stopping = asyncio.create_task(app.stop())
    done, _ = await asyncio.wait({stopping}, timeout=STOPPED_WITHIN_S)
    if not done:
        stopping.cancel()
        log.warning("Kafka did not answer: what was acked last may be redelivered")
        return
    await stopping
    log.info("stopped: offsets committed")


class _State:
    """What readiness looks at."""

    def __init__(self) -> None:
        self.app: App | None = None

    def reason_not_ready(self) -> str | None:
        if self.app is None:
            return "starting or stopping"
        if self.app.rebalancing:
            return "rebalancing"
        return None


def _wire(
    settings: Settings,
    decider: Decider,
    producer: RecordProducer,
    metrics: WorkerMetrics,
    shadow: Shadow | None,
    llm: LlmLayer | None,
) -> tuple[App, Pipeline[RawEvent]]:
    """Join the Faust application and the pipeline, each of which calls the other."""

    async def submit(batch: TakenBatch) -> None:
        await pipeline.submit(batch)

    app, ack = build_app(settings, submit)
    pipeline: Pipeline[RawEvent] = Pipeline(
        decider=decider,
        producer=producer,
        ack=ack,
        run=DeadLetterRun(settings.worker.dead_letters_in_a_row),
        metrics=metrics,
        batch_tickets=settings.worker.batch_tickets,
        batches_in_flight=settings.worker.batches_in_flight,
        unacked_records=settings.worker.unacked_records,
        shadow=shadow,
        llm=llm,
    )
    return app, pipeline


async def _until_end(app: App, pipeline: Pipeline[RawEvent], stop: asyncio.Event) -> None:
    """Return when told to stop; raise what broke otherwise."""
    stopped = asyncio.create_task(stop.wait())
    ended = asyncio.create_task(app.wait_for_stopped(stopped))
    ends: set[asyncio.Future[Any]] = {stopped, ended, pipeline.failure}
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    ended.cancel()
    if pipeline.failure.done():
        raise pipeline.failure.result()
    if app.crash_reason is not None:
        raise app.crash_reason
    if not stop.is_set():
        raise Unavailable("Faust stopped the application by itself; nothing unfinished was acked")


def _decider(settings: Settings, serving: ServingModel, toxicity: ToxicityModel | None) -> Decider:
    return Decider(
        model=serving.hold,
        rules=load_rules(settings.triage.rules, settings.triage.extra_rules),
        policy=load_policy(settings.triage.policy),
        topics=settings.topics,
        audit_share=settings.triage.audit_share,
        toxicity=toxicity,
    )


def check_worker(settings: Settings) -> str:
    """Open everything but Kafka and say what would serve.

    Raises `UserError` for the first thing that is wrong.
    """
    aiokafka_options(settings.kafka)

    async def check() -> str:
        async with open_models(settings) as models:
            with open_toxicity_model(settings) as toxicity:
                decider = _decider(settings, models.serving, toxicity)
                llm = open_layer(settings.llm, CollectorRegistry())
                asked = f"; in doubt {settings.llm.model} is asked" if llm else ""
                return (
                    f"settings, rules {decider.rules.version}, policy {decider.policy.version} "
                    f"and model {models} are good{asked}"
                )

    return asyncio.run(check())


@contextlib.asynccontextmanager
async def _background(work: Coroutine[object, object, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
