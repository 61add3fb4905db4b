"""Writes to the MLflow registry: registers bundles and moves aliases; judges no model."""

from training.registration.model import RegisteredModel
from training.registration.register import register_bundle
from training.registration.version import Version

__all__ = ["RegisteredModel", "Version", "register_bundle"]
