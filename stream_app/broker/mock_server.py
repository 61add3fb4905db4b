"""Holds librdkafka's mock cluster until standard input ends. Run as a program.

Prints the cluster's address as its only line. The parent holds the other end of standard input,
so the cluster ends however the parent does.
"""

from __future__ import annotations

import sys

from confluent_kafka import Producer


def main() -> None:
    """Start a cluster of one broker, print its `host:port`, and wait."""
    # log_level 3 is "error": without it the start of the mock is reported as a notice.
    holder = Producer({"test.mock.num.brokers": 1, "log_level": 3})
    (broker,) = holder.list_topics(timeout=10).brokers.values()
    sys.stdout.write(f"{broker.host}:{broker.port}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
