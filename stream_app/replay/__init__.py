"""Sends a labelled data set through Kafka and a running worker, and scores what comes out."""

from stream_app.replay.run import replay
from stream_app.replay.score import ReplayReport

__all__ = ["ReplayReport", "replay"]
