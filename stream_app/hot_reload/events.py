"""Tells the events topic what happens to the worker's models; no failure in here stops anything."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import uuid
from datetime import UTC, datetime

from schemas import ModelEvent, ModelEventKind, ModelReference, ShadowCounts
from stream_app.errors import UserError
from stream_app.messages import OutgoingRecord
from stream_app.producer import RecordProducer, undelivered

log = logging.getLogger(__name__)

CONFIRMED_WITHIN_S = 10.0


class ModelEvents:
    """Publishes events of this worker, keyed by it so that they stay in order."""

    def __init__(
        self, producer: RecordProducer, *, topic: str, registered_model: str | None
    ) -> None:
        self._producer = producer
        self._topic = topic
        self._registered_model = registered_model
        self._worker = f"{platform.node()}:{os.getpid()}"

    async def tell(
        self,
        kind: ModelEventKind,
        *,
        serving: ModelReference,
        before: ModelReference | None = None,
        alias: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        seconds: float | None = None,
        shadow: ShadowCounts | None = None,
    ) -> None:
        """Publish one event. Where Kafka does not take it, that is logged and the event is lost."""
        event = ModelEvent(
            event_id=str(uuid.uuid4()),
            kind=kind,
            worker=self._worker,
            at=datetime.now(UTC),
            registered_model=self._registered_model,
            alias=alias,
            version=version,
            serving=serving,
            before=before,
            reason=reason,
            seconds=None if seconds is None else round(seconds, 3),
            shadow=shadow,
        )
        record = OutgoingRecord(
            self._topic, self._worker.encode(), event.model_dump_json().encode(), []
        )
        try:
            async with asyncio.timeout(CONFIRMED_WITHIN_S):
                delivery = await self._producer.hand_over(record)
                # Shielded: the client must not find its own future cancelled.
                await asyncio.shield(delivery)
        except TimeoutError:
            log.warning("model event %s was not confirmed in time", kind.value)
        except UserError as error:
            log.warning("model event %s was not sent: %s", kind.value, error.message)
        except Exception as error:
            log.warning("model event %s was not sent: %s", kind.value, undelivered(error).message)
