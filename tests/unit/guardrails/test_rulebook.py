"""A bad rules file is refused in one line that names the rule and the fault."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from stream_app.errors import UserError
from stream_app.guardrails import load_rules


def _rule(**changes: object) -> dict[str, object]:
    rule: dict[str, object] = {
        "id": "deadline.party",
        "severity": "flag",
        "patterns": ["party (?:today|tonight)"],
        "examples": {"match": ["The party, tonight!"], "no_match": ["No party."]},
    }
    return {**rule, **changes}


def _write(folder: Path, *rules: dict[str, object], **top: object) -> Path:
    path = folder / "rules.yaml"
    path.write_text(yaml.safe_dump({"version": "desk-1", "rules": list(rules), **top}))
    return path


def test_a_desk_can_bring_its_own_rules(tmp_path: Path) -> None:
    rules = load_rules(_write(tmp_path, _rule()))
    assert rules.version == "desk-1"
    assert [finding.rule for finding in rules.inspect("A PARTY TONIGHT")] == ["deadline.party"]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"patterns": ["("]}, "no regular expression"),
        ({"patterns": ["x?"]}, "matches the empty text"),
        ({"patterns": ["{nobody} here"]}, "no list named nobody"),
        ({"patterns": ["a~b"]}, "has a ~"),
        ({"id": "weather.rain"}, "kind must be one of"),
        ({"id": "profanity.rain"}, "never a flag"),
        ({"examples": {"match": ["nothing"], "no_match": ["x"]}}, "does not find its example"),
        (
            {"examples": {"match": ["party today"], "no_match": ["party today"]}},
            "finds its counter-example",
        ),
        ({"examples": {"match": ["party today"], "no_match": []}}, "examples.no_match"),
        ({"severity": "loud"}, "severity"),
    ],
)
def test_a_bad_rule_is_named_with_its_fault(
    tmp_path: Path, changes: dict[str, object], fault: str
) -> None:
    rule = _rule(**changes)
    with pytest.raises(UserError) as raised:
        load_rules(_write(tmp_path, rule))
    assert str(rule["id"]) in raised.value.message
    assert fault in raised.value.message
    assert "\n" not in raised.value.message


def test_an_id_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="given twice"):
        load_rules(_write(tmp_path, _rule(), _rule()))


def test_a_list_that_contains_itself_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path, _rule(patterns=["{loop}"]), lists={"loop": ["{loop}"]})
    with pytest.raises(UserError, match="contains itself"):
        load_rules(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.yaml"):
        load_rules(tmp_path / "nowhere.yaml")
