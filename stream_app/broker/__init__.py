"""Finds or starts a Kafka broker for this machine and makes topics on it; sends no messages."""

from stream_app.broker.contract import Broker, Kind, RestartableBroker
from stream_app.broker.find import find_broker
from stream_app.broker.topics import TopicSpec, ensure_topics

__all__ = [
    "Broker",
    "Kind",
    "RestartableBroker",
    "TopicSpec",
    "ensure_topics",
    "find_broker",
]
