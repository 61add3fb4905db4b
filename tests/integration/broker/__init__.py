"""Tests of the brokers that are started here, on the real servers."""
