import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy.engine import make_url

from stream_app.settings import Settings
from stream_app.worker.probes import Probes
from tests.contract.deploy.files import (
    IMAGES,
    ROOT,
    compose_file,
    healthcheck_command,
    image_environment,
    mlflow_environment,
    of_image,
    service,
    stages,
    worker_environment,
    worker_variables,
)

LOCKS = ROOT / "deploy" / "locks"


def _follows_compose_specification(path: Path) -> bool:
    """Against the schema of the Compose specification that `check-jsonschema` carries."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    return subprocess.run([*command, str(path)], capture_output=True).returncode == 0


def test_the_compose_file_follows_the_compose_specification() -> None:
    assert _follows_compose_specification(ROOT / "docker-compose.yml")


def test_the_specification_refuses_a_misspelt_key(tmp_path: Path) -> None:
    broken = tmp_path / "docker-compose.yml"
    content = (ROOT / "docker-compose.yml").read_text()
    broken.write_text(content.replace("stop_grace_period", "stop_grace_time"))
    assert broken.read_text() != content
    assert not _follows_compose_specification(broken)


def test_every_image_is_pinned_to_a_version() -> None:
    bases = set()
    for name in IMAGES:
        first, *others = stages(name)
        bases.add(dict(first)["ARG"].split("=", 1)[1])
        froms = {rest.split()[0] for each in others for what, rest in each if what == "FROM"}
        assert froms == {"${PYTHON_IMAGE}"}
    assert len(bases) == 1
    services = [each["image"] for each in compose_file()["services"].values()]
    for image in (*bases, *services):
        assert re.search(r":\d+\.\d+\.\d+(-[a-z-]+)?$", image), image


def test_the_containers_run_the_kafka_that_the_tests_run() -> None:
    pom = ElementTree.parse(ROOT / "stream_app" / "broker" / "pom.xml")  # noqa: S314 - our own file
    kafka = pom.find(".//{*}kafka.version")
    assert kafka is not None
    assert service("kafka")["image"] == f"apache/kafka:{kafka.text}"


@pytest.mark.parametrize("name", sorted(worker_variables().keys() - {"TICKETS_BUNDLE_DIR"}))
def test_each_variable_is_a_setting(name: str) -> None:
    group, field = name.removeprefix("TICKETS_").lower().split("_", 1)
    annotation = Settings.model_fields[group].annotation
    assert field in getattr(annotation, "model_fields", {})


def test_a_worker_waits_until_the_registry_can_say_what_is_to_serve() -> None:
    """It would take the newest bundle of its folder, which passed no gate."""
    awaited = service("worker")["depends_on"]
    assert {name: each["condition"] for name, each in awaited.items()} == {
        "kafka": "service_healthy",
        "mlflow": "service_healthy",
    }
    assert "healthcheck" in service("kafka")
    assert healthcheck_command("mlflow")


def test_the_settings_take_the_values_of_the_containers() -> None:
    script = "import stream_app.settings as s; print(s.load_settings().model_dump_json())"
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env={"PATH": os.environ["PATH"], **worker_environment()},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    settings = json.loads(ran.stdout)
    assert settings["kafka"]["bootstrap_servers"] == "kafka:19092"
    assert settings["worker"]["probe_host"] == "0.0.0.0"  # noqa: S104 - inside the container
    # The grace period leaves room to commit and disconnect after the last micro-batch.
    grace_s = float(service("worker")["stop_grace_period"].removesuffix("s"))
    assert settings["worker"]["shutdown_s"] + 5 <= grace_s
    cores = float(service("worker")["deploy"]["resources"]["limits"]["cpus"])
    assert settings["inference"]["lanes"] == cores
    assert service("worker")["deploy"]["replicas"] <= settings["topics"]["partitions"]


def test_a_language_model_is_asked_where_the_environment_of_compose_names_one() -> None:
    passed_on = {name for name, value in worker_variables().items() if value is None}
    given = {
        "TICKETS_LLM_API_KEY": "a-key",
        "TICKETS_LLM_BASE_URL": "https://llm.example.com/v1",
        "TICKETS_LLM_MODEL": "the-model",
    }
    assert given.keys() <= passed_on
    script = "import stream_app.settings as s; print(s.load_settings().llm.on)"
    for variables, on in (({}, "False"), (given, "True")):
        ran = subprocess.run(
            [sys.executable, "-c", script],
            env={"PATH": os.environ["PATH"], **worker_environment(), **variables},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert ran.stdout.strip() == on


def test_each_address_that_kafka_advertises_is_one_it_listens_on() -> None:
    environment = service("kafka")["environment"]
    listeners = dict(
        listener.split("://") for listener in environment["KAFKA_LISTENERS"].split(",")
    )
    advertised = dict(
        listener.split("://") for listener in environment["KAFKA_ADVERTISED_LISTENERS"].split(",")
    )
    protocols = dict(
        pair.split(":") for pair in environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")
    )
    assert protocols.keys() == listeners.keys()
    assert {name: f":{address.split(':')[1]}" for name, address in advertised.items()} == {
        name: address for name, address in listeners.items() if name != "CONTROLLER"
    }
    assert worker_environment()["TICKETS_KAFKA_BOOTSTRAP_SERVERS"] == advertised["PLAINTEXT"]
    published = [port.rsplit(":", 1)[0] for port in service("kafka")["ports"]]
    assert published == [f"127.0.0.1:{advertised['HOST'].split(':')[1]}"]


def test_the_bundles_are_mounted_where_the_image_looks_and_cannot_be_changed() -> None:
    [mount] = [each for each in service("worker")["volumes"] if isinstance(each, dict)]
    assert mount["target"] == image_environment()["TICKETS_BUNDLE_DIR"]
    assert mount["read_only"] is True


@pytest.mark.parametrize(
    ("image", "variable"),
    [
        ("worker", "TICKETS_REGISTRY_CACHE_DIR"),
        ("mlflow", "MLFLOW_ARTIFACTS_DESTINATION"),
        ("mlflow", "MLFLOW_BACKEND_STORE_URI"),
    ],
)
def test_what_has_to_last_lies_in_a_volume_that_the_image_gives_to_its_user(
    image: str, variable: str
) -> None:
    [named] = [each for each in service(image)["volumes"] if isinstance(each, str)]
    volume, target = named.split(":")
    assert volume in compose_file()["volumes"]
    path = image_environment(image)[variable].removeprefix("sqlite:///")
    assert Path(path).is_relative_to(target)
    user, group = of_image("USER", image).split(":")
    made = f"install --directory --owner {user} --group {group} {target}"
    assert made in of_image("RUN", image)


@pytest.mark.parametrize("name", IMAGES)
def test_a_service_has_no_more_rights_than_it_needs(name: str) -> None:
    container = service(name)
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in container["security_opt"]
    # The one writable place beside a volume is where the image starts.
    assert container["tmpfs"] == [of_image("WORKDIR", name)]


def test_the_workers_ask_the_registry_by_a_name_that_it_accepts() -> None:
    address = worker_environment()["TICKETS_REGISTRY_TRACKING_URI"]
    accepted = mlflow_environment()["MLFLOW_SERVER_ALLOWED_HOSTS"].split(",")
    assert address.removeprefix("http://") in accepted
    [published] = service("mlflow")["ports"]
    host_port, container_port = published.removeprefix("127.0.0.1:").split(":")
    assert f"localhost:{host_port}" in accepted
    command = json.loads(of_image("CMD", "mlflow"))
    assert command[command.index("--port") + 1] == container_port


@pytest.mark.parametrize("image", IMAGES)
def test_the_image_runs_as_a_fixed_user_that_is_not_root(image: str) -> None:
    user, group = of_image("USER", image).split(":")
    assert int(user) > 0
    assert int(group) > 0
    names = [instruction for instruction, _ in stages(image)[-1]]
    assert names.index("USER") < names.index("ENTRYPOINT")


@pytest.mark.parametrize(("image", "folder"), [("worker", "tickets"), ("mlflow", "mlflow")])
def test_the_final_stage_installs_no_package(image: str, folder: str) -> None:
    for instruction, rest in stages(image)[-1]:
        if instruction == "COPY":
            assert rest == f"--from=build /opt/{folder} /opt/{folder}"
        if instruction == "RUN":
            assert not re.search(r"\b(pip|apt|apt-get|curl|wget)\b", rest)


def test_everything_that_the_image_copies_exists_and_is_in_the_build_context() -> None:
    let_in = [
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    copied = {
        path
        for image in IMAGES
        for stage in stages(image)[1:-1]
        for instruction, rest in stage
        if instruction == "COPY"
        for path in rest.split()[:-1]
    }
    assert sorted(copied) == sorted(let_in)
    assert all((ROOT / path).exists() for path in copied)


@pytest.mark.parametrize(
    ("image", "kept_out"),
    [
        ("worker", {"torch", "transformers", "onnx", "mlflow", "testcontainers"}),
        ("mlflow", {"torch", "transformers", "onnx", "faust-streaming", "testcontainers"}),
    ],
)
def test_the_lock_of_an_image_pins_each_package_by_digest_and_holds_no_training(
    image: str, kept_out: set[str]
) -> None:
    text = (LOCKS / f"{image}.txt").read_text()
    requirements = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    names = {re.split(r"[=\[]", line, maxsplit=1)[0].lower() for line in requirements}
    assert all("==" in line for line in requirements)
    for block in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]
    assert names.isdisjoint(kept_out)
    assert "://" not in text


def test_the_server_of_the_image_is_the_mlflow_that_the_tests_run() -> None:
    [pinned] = re.findall(r"^mlflow==(\S+)", (LOCKS / "mlflow.txt").read_text(), re.MULTILINE)
    assert pinned == version("mlflow")


def test_the_image_has_the_driver_that_a_postgresql_address_asks_for() -> None:
    pinned = dict(re.findall(r"^([\w-]+)==(\S+)", (LOCKS / "mlflow.txt").read_text(), re.MULTILINE))
    # Which driver it is changes with SQLAlchemy's versions, so they have to be the same.
    assert pinned["sqlalchemy"] == version("sqlalchemy")
    driver = make_url("postgresql://user@host/database").get_dialect().driver
    assert {driver, f"{driver}-binary"} <= pinned.keys()


def test_the_image_starts_a_command_that_exists() -> None:
    command = [*json.loads(of_image("ENTRYPOINT")), *json.loads(of_image("CMD"))]
    script = shutil.which(command[0], path=str(Path(sys.executable).parent))
    assert script is not None
    ran = subprocess.run([script, *command[1:], "--help"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "--check" in ran.stdout


async def test_the_image_is_healthy_while_the_worker_answers_and_not_after() -> None:
    probes = Probes(CollectorRegistry(), lambda: None)
    port = await probes.start("127.0.0.1", 0)
    try:
        assert await _healthcheck(port) == 0
    finally:
        await probes.stop()
    assert await _healthcheck(port) != 0


async def _healthcheck(port: int) -> int:
    command = healthcheck_command()
    assert command[0] == "python"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command[1:],
        env={"TICKETS_WORKER_PROBE_PORT": str(port)},
        stderr=subprocess.DEVNULL,
    )
    return await process.wait()
