"""Where the MLflow server is; opens no connection."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from stream_app.errors import UserError
from stream_app.settings import RegistrySettings


def registry_address(registry: RegistrySettings) -> str | None:
    """The setting, else `MLFLOW_TRACKING_URI` where that names a server; None for no registry.

    An empty setting means none, whatever the environment names.

    Raises `UserError` where the setting is no http address: workers speak to a server only, and
    leave a database of training's to training. Raises it too where user or password stand in
    either of the two: the address reaches logs and the events topic.
    """
    if registry.tracking_uri == "":
        return None
    if registry.tracking_uri is not None:
        if not _is_server(registry.tracking_uri):
            raise UserError(
                "setting registry.tracking_uri (TICKETS_REGISTRY_TRACKING_URI): needs the http:// "
                "or https:// address of an MLflow server; start one here with `tickets registry`"
            )
        return _without_user(
            registry.tracking_uri, "setting registry.tracking_uri (TICKETS_REGISTRY_TRACKING_URI)"
        )
    fallback = os.environ.get("MLFLOW_TRACKING_URI", "")
    return _without_user(fallback, "MLFLOW_TRACKING_URI") if _is_server(fallback) else None


def _is_server(uri: str) -> bool:
    return uri.startswith(("http://", "https://"))


def _without_user(uri: str, name: str) -> str:
    try:
        parts = urlsplit(uri)
    except ValueError as error:
        raise UserError(f"{name}: is no address: {error}") from error
    if "@" in parts.netloc:
        raise UserError(
            f"{name}: must hold no user; set MLFLOW_TRACKING_USERNAME and "
            "MLFLOW_TRACKING_PASSWORD instead"
        )
    return uri
