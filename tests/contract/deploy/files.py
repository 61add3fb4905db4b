"""Reads the compose file and the Dockerfiles as far as the tests need."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
IMAGES = ("worker", "mlflow")
"""Images built here; each is that of the service of its name."""


def compose_file() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return parsed


def service(name: str) -> dict[str, Any]:
    found: dict[str, Any] = compose_file()["services"][name]
    return found


def stages(image: str = "worker") -> list[list[tuple[str, str]]]:
    """The stages of a Dockerfile as lists of (instruction, the rest on one line)."""
    content = (ROOT / "deploy" / f"{image}.Dockerfile").read_text()
    lines = [line for line in content.splitlines() if line and not line.startswith("#")]
    instructions = [
        (line.split(maxsplit=1)[0], line.split(maxsplit=1)[1])
        for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()
    ]
    found: list[list[tuple[str, str]]] = [[]]
    for instruction, rest in instructions:
        if instruction == "FROM":
            found.append([])
        found[-1].append((instruction, rest))
    return found


def of_image(wanted: str, image: str = "worker") -> str:
    """The last `wanted` instruction of the final stage."""
    return [rest for instruction, rest in stages(image)[-1] if instruction == wanted][-1]


def image_environment(image: str = "worker") -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in of_image("ENV", image).split())


def worker_variables() -> dict[str, str | None]:
    """Our variables of the compose file's worker; None is taken from where Compose runs."""
    both = image_environment() | service("worker")["environment"]
    return {name: value for name, value in both.items() if name.startswith("TICKETS_")}


def worker_environment() -> dict[str, str]:
    """What the worker of the compose file sees of ours where nothing else is set."""
    return {name: value for name, value in worker_variables().items() if value is not None}


def mlflow_environment() -> dict[str, str]:
    """What the MLflow server of the compose file sees; an unset variable gives its default."""
    both = image_environment("mlflow") | service("mlflow")["environment"]
    return {
        name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)
        for name, value in both.items()
        if name.startswith("MLFLOW_")
    }


def healthcheck_command(image: str = "worker") -> list[str]:
    command: list[str] = json.loads(of_image("HEALTHCHECK", image).split("CMD", 1)[1])
    return command
