from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest

from stream_app.broker.contract import NotHere
from stream_app.broker.kafka_jars import fill_atomically, kafka_jars, kafka_version
from tests.unit.broker.conftest import AddProgram

# Writes one jar where -DoutputDirectory points, with the builtins of the shell alone.
MAVEN_THAT_WORKS = """for each in "$@"; do
  case "$each" in -DoutputDirectory=*) echo jar > "${each#-DoutputDirectory=}/kafka.jar";; esac
done"""


def ignore(_line: str) -> None:
    pass


@pytest.mark.usefixtures("bare_machine")
def test_jars_are_resolved_once_and_found_again_without_maven(
    add_program: AddProgram, tmp_path: Path
) -> None:
    maven = add_program("mvn", MAVEN_THAT_WORKS)
    folder = kafka_jars(ignore)
    assert [jar.name for jar in folder.iterdir()] == ["kafka.jar"]
    assert folder.parent == tmp_path / "cache" / "kafka"
    assert folder.name.startswith(f"{kafka_version()}-")
    assert list(folder.parent.iterdir()) == [folder]
    maven.unlink()
    assert kafka_jars(ignore) == folder


@pytest.mark.usefixtures("bare_machine")
def test_a_maven_that_fails_half_way_leaves_no_cache(
    add_program: AddProgram, tmp_path: Path
) -> None:
    add_program("mvn", f"{MAVEN_THAT_WORKS}\nexit 1")
    with pytest.raises(NotHere, match="Maven cannot bring Kafka's jars"):
        kafka_jars(ignore)
    assert list((tmp_path / "cache" / "kafka").iterdir()) == []


def test_an_interrupted_fill_leaves_nothing(tmp_path: Path) -> None:
    def interrupted(target: Path) -> None:
        (target / "one.jar").write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill_atomically(tmp_path / "cache", interrupted)
    assert list(tmp_path.iterdir()) == []


def test_a_killed_fill_leaves_no_folder_and_the_next_one_succeeds(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from stream_app.broker.kafka_jars import fill_atomically\n"
        "def fill(target):\n"
        "    (target / 'one.jar').write_bytes(b'half')\n"
        "    print('filling', flush=True)\n"
        "    time.sleep(60)\n"
        "fill_atomically(Path(sys.argv[1]), fill)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "filling\n"
        process.send_signal(signal.SIGKILL)
    assert not folder.exists()
    fill_atomically(folder, lambda target: (target / "one.jar").touch())
    assert [jar.name for jar in folder.iterdir()] == ["one.jar"]


def test_of_many_fills_at_once_one_whole_folder_remains(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    together = Barrier(8)

    def fill(number: int, target: Path) -> None:
        (target / "first.jar").write_text(str(number), encoding="utf-8")
        together.wait()
        (target / "second.jar").write_text(str(number), encoding="utf-8")

    with ThreadPoolExecutor(8) as threads:
        for number in range(8):
            threads.submit(fill_atomically, folder, partial(fill, number))
    assert list(tmp_path.iterdir()) == [folder]
    contents = {jar.name: jar.read_text(encoding="utf-8") for jar in folder.iterdir()}
    assert contents.keys() == {"first.jar", "second.jar"}
    assert len(set(contents.values())) == 1
