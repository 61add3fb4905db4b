import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from schemas.contracts import Contract, contracts
from schemas.generate import (
    GENERATED,
    RELEASED,
    broken_promises,
    generated_files,
    main,
    stale_files,
)


def _generated_in(folder: Path) -> Path:
    for name, content in generated_files().items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def test_the_files_in_the_tree_are_current_and_break_no_release() -> None:
    assert stale_files(GENERATED) == []
    assert list(broken_promises(RELEASED)) == []


def test_every_contract_is_released() -> None:
    released = {path.name for path in RELEASED.glob("*.json")}
    assert released == {contract.file_name for contract in contracts()}


def test_the_command_checks_without_writing() -> None:
    before = {path: path.stat().st_mtime_ns for path in GENERATED.iterdir()}
    ran = subprocess.run(
        [sys.executable, "-m", "schemas.generate", "--check"], capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert {path: path.stat().st_mtime_ns for path in GENERATED.iterdir()} == before


def test_a_missing_a_changed_and_a_left_over_file_are_stale(tmp_path: Path) -> None:
    folder = _generated_in(tmp_path)
    (folder / "raw_ticket.schema.json").unlink()
    (folder / "asyncapi.json").write_text("{}")
    (folder / "gone.schema.json").write_text("{}")
    assert stale_files(folder) == ["asyncapi.json", "gone.schema.json", "raw_ticket.schema.json"]


def test_the_command_names_each_fault_on_one_line_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    generated = tmp_path / "generated"
    released = tmp_path / "released"
    generated.mkdir()
    released.mkdir()
    _generated_in(generated)
    (generated / "asyncapi.json").unlink()
    (released / "withdrawn.schema.json").write_text("{}")
    monkeypatch.setattr("schemas.generate.GENERATED", generated)
    monkeypatch.setattr("schemas.generate.RELEASED", released)

    assert main(["--check"]) == 1

    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["withdrawn.schema.json", "asyncapi.json"]
    assert not (generated / "asyncapi.json").exists()


def test_a_broken_promise_cannot_be_released(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schemas.generate.GENERATED", tmp_path / "generated")
    monkeypatch.setattr("schemas.generate.RELEASED", tmp_path)
    (tmp_path / "withdrawn.schema.json").write_text("{}")
    assert main(["--release"]) == 1
    assert [path.name for path in tmp_path.glob("*.json")] == ["withdrawn.schema.json"]


@pytest.mark.parametrize("contract", contracts(), ids=lambda contract: contract.name)
def test_a_schema_is_json_schema_and_says_what_everything_means(contract: Contract) -> None:
    Draft202012Validator.check_schema(contract.schema)
    objects = [contract.schema, *contract.schema.get("$defs", {}).values()]
    for schema in objects:
        assert schema["description"]
        assert "ValidationError" not in schema["description"]
        for name, field in schema.get("properties", {}).items():
            assert field.get("description") or "$ref" in field, name


@pytest.mark.parametrize("contract", contracts(), ids=lambda contract: contract.name)
def test_a_schema_lets_unknown_fields_pass(contract: Contract) -> None:
    objects = [contract.schema, *contract.schema.get("$defs", {}).values()]
    assert all("additionalProperties" not in schema for schema in objects)
