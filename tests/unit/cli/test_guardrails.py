"""`tickets guardrails eval` prints a row a functionality, or the same as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stream_app.cli.guardrails import app
from stream_app.errors import UserError

DATA = """functionality,text,label
insult,"You are complete idiots, all of you",toxic
insult,Who is in charge there,fine
group,I despise all immigrants,toxic
group,I met some immigrants,fine
"""

pytestmark = pytest.mark.usefixtures("own_broker_only")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.csv"
    path.write_text(DATA, encoding="utf-8")
    return path


def test_each_functionality_is_a_row_of_the_table(data: Path) -> None:
    ended = CliRunner().invoke(app, ["eval", str(data)], catch_exceptions=False)
    lines = {line.split()[0]: line for line in ended.stdout.splitlines() if line.strip()}
    assert {"insult", "group", "mean"} <= lines.keys()
    assert "100.0%" in lines["insult"]


def test_json_has_both_readings_of_toxic(data: Path) -> None:
    ended = CliRunner().invoke(app, ["eval", str(data), "--json"], catch_exceptions=False)
    record = json.loads(ended.stdout)
    assert record["any"]["macro_accuracy"] == 1.0
    assert record["identity"]["macro_accuracy"] == 0.75
    by_name = {row["functionality"]: row for row in record["identity"]["functionalities"]}
    assert by_name["insult"]["toxic_right"] == 0
    assert by_name["group"]["toxic_right"] == 1


def test_a_desks_own_rules_are_measured_too(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "version: desk-1\n"
        "rules:\n"
        "  - id: directed_abuse.charge\n"
        "    severity: flag\n"
        "    patterns: [who is in charge]\n"
        "    examples: {match: [Who is in charge], no_match: [Hello]}\n"
    )
    monkeypatch.setenv("TICKETS_TRIAGE_EXTRA_RULES", json.dumps([str(own)]))
    ended = CliRunner().invoke(app, ["eval", str(data), "--json"], catch_exceptions=False)
    record = json.loads(ended.stdout)
    assert record["rules_version"].endswith("+desk-1")
    assert record["any"]["functionalities"][0]["harmless_right"] == 0


def test_a_toxicity_bundle_that_is_not_there_is_an_error(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKETS_TRIAGE_TOXICITY_BUNDLE", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match="nowhere"):
        CliRunner().invoke(app, ["eval", str(data)], catch_exceptions=False)
