"""The connection of those who write to MLflow; its failures become one line each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from requests import RequestException

from stream_app.errors import Unavailable

_ENVIRONMENT = {
    # MLflow's own defaults keep a person waiting for a quarter of an hour where no server is.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # Standard output is for the command's result, which may be JSON.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


def connect(tracking_uri: str) -> MlflowClient:
    """A client of this server or database; sends nothing yet.

    Sets MLflow's patience and silence for the whole process, short of what the environment says.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    return MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)


@contextmanager
def failures_told(tracking_uri: str) -> Iterator[None]:
    """Turn MLflow's failures inside into `Unavailable`, which names the server and the reason."""
    try:
        yield
    except (MlflowException, RequestException) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        if isinstance(error, RequestException) or "Connection" in reason:
            raise Unavailable(
                f"no MLflow server answers at {tracking_uri}: start one with `tickets registry`, "
                "or set MLFLOW_TRACKING_URI to one that runs"
            ) from error
        raise Unavailable(f"MLflow at {tracking_uri}: {reason[:300]}") from error
