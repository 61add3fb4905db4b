"""Follows the registry's aliases while tickets flow: prepares a version apart, then swaps it in.

Owns which model serves. What is risky or slow (MLflow's client, downloads, first runs of an
unknown graph) happens in a process of its own at low priority, so that neither a lock of the
interpreter nor a crash of the graph can reach the tickets.
"""
