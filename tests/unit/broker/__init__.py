"""Tests of how a broker is found, cached and guarded; none of them starts Kafka."""
