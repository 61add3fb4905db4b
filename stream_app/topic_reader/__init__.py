"""Reads topics from a chosen place without joining a consumer group; commits nothing."""

from stream_app.topic_reader.partitions import Partition, partitions_of
from stream_app.topic_reader.reader import Span, TopicReader, open_reader

__all__ = ["Partition", "Span", "TopicReader", "open_reader", "partitions_of"]
