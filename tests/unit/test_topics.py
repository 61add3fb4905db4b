"""What the topics are created with."""

from __future__ import annotations

from stream_app.settings import TopicSettings
from stream_app.topics import topic_specs


def test_whatever_came_in_fits_every_output() -> None:
    topics = TopicSettings()
    limits = {spec.name: int(spec.configs.get("max.message.bytes", 0)) for spec in topic_specs()}
    assert all(limits[output] > limits[topics.raw] for output in topics.outputs)
