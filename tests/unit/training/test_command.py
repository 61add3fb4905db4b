"""`tickets train` tells a mistake before it trains, and needs its extra only when it is called."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from stream_app.bundle import Manifest
from stream_app.cli import train as entry
from stream_app.cli import training_extra
from stream_app.errors import Unavailable, UserError
from training.command import app, bundle_name, make_writable
from training.taxonomy import load_taxonomy
from training.taxonomy_command import app as taxonomy_app


def run(*arguments: str) -> None:
    """Call the subcommand with `arguments`, as the outer command does."""
    context = typer.Context(typer.main.get_command(app))
    context.args = list(arguments)
    entry.train(context)


@given(st.text())
def test_every_data_set_name_makes_a_valid_bundle_name(wanted: str) -> None:
    patterns = [
        part.pattern for part in Manifest.model_fields["name"].metadata if hasattr(part, "pattern")
    ]
    assert re.fullmatch(patterns[0], bundle_name(wanted))


def test_a_missing_extra_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_extra, "REQUIRED_PACKAGES", ("training", "no_such_package"))
    with pytest.raises(Unavailable, match=r"no no_such_package\): pip install"):
        run("--quick")


def test_the_entry_imports_neither_torch_nor_training() -> None:
    script = (
        "import sys, stream_app.cli.train\n"
        "heavy = {'torch', 'training', 'transformers', 'onnx'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("command", ["train", "sweep", "experiments", "model", "taxonomy"])
def test_the_short_form_of_help_works_for_commands_of_the_extra(command: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "stream_app", command, "-h"], capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"Usage: tickets {command}" in ended.stdout


def test_a_mistake_is_told_before_torch_is_imported(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from training.command import app\n"
        "from stream_app.errors import UserError\n"
        "try:\n"
        "    app(['--data', 'nowhere.csv'], standalone_mode=False)\n"
        "except UserError:\n"
        "    sys.exit('torch' in sys.modules)\n"
        "sys.exit('no error')"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=tmp_path)


def test_labels_outside_the_taxonomy_are_an_error_before_the_fit(tmp_path: Path) -> None:
    data = tmp_path / "other.csv"
    data.write_text("text,intent\n" + "a,play_music\nb,play_music\nc,stop\nd,stop\n" * 3)
    taxonomy = tmp_path / "mine.yaml"
    taxonomy.write_text(
        "version: 1\nname: mine\ncategories: [Home]\n"
        "intents: {stop: {category: Home, priority: low}}\n"
    )
    with pytest.raises(UserError, match="does not place these labels: play_music"):
        run("--data", str(data), "--taxonomy", str(taxonomy), "--out", str(tmp_path / "bundles"))


def test_a_draft_of_a_taxonomy_is_written_beside_the_data_and_never_over_another(
    tmp_path: Path,
) -> None:
    data = tmp_path / "other.csv"
    data.write_text("text,intent\n" + "a,play_music\nb,play_music\nc,stop\nd,stop\n" * 3)
    draft = ["init", str(data)]
    taxonomy_app(draft, standalone_mode=False)
    assert load_taxonomy(tmp_path / "other.taxonomy.yaml").labels(["play_music", "stop"])
    with pytest.raises(UserError, match="is there already"):
        taxonomy_app(draft, standalone_mode=False)


def test_an_output_folder_that_takes_no_file_is_an_error_before_the_fit() -> None:
    """`/proc` exists everywhere on Linux and takes files from nobody, not even from root."""
    with pytest.raises(UserError, match="cannot write to /proc"):
        make_writable(Path("/proc"))


def test_probing_a_folder_leaves_nothing_in_it(tmp_path: Path) -> None:
    assert list(make_writable(tmp_path / "new").iterdir()) == []


def test_an_output_folder_that_cannot_be_made_is_an_error_before_the_fit(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write to"):
        run("--data", "starter", "--out", str(tmp_path / "file"))
