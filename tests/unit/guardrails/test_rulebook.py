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


def test_a_file_without_rules_cannot_stand_alone(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no rule"):
        load_rules(_write(tmp_path))


def test_a_list_that_contains_itself_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path, _rule(patterns=["{loop}"]), lists={"loop": ["{loop}"]})
    with pytest.raises(UserError, match="contains itself"):
        load_rules(path)


def test_a_desks_own_rules_join_the_packaged_ones_and_use_their_lists(tmp_path: Path) -> None:
    own = _rule(
        id="directed_abuse.dawdlers",
        patterns=["you (?:{intensifier} )*dawdlers?"],
        examples={"match": ["You bloody dawdlers"], "no_match": ["A dawdler wrote this."]},
    )
    rules = load_rules(extra=[_write(tmp_path, own)])
    found = {finding.rule for finding in rules.inspect("You lazy dawdlers, I was hacked")}
    assert {"directed_abuse.dawdlers", "account_takeover.stranger_in_account"} <= found
    assert rules.version.endswith("+desk-1")


def test_a_desks_own_disguised_words_are_found(tmp_path: Path) -> None:
    own = _rule(
        id="directed_abuse.dawdlers",
        patterns=["you dawdlers?", "emoji_snail"],
        examples={"match": ["You d a w d l e r", "\U0001f40c"], "no_match": ["dawdler"]},
    )
    disguises = {"words": ["dawdler"], "emoji": {"emoji_snail": "\U0001f40c"}}
    rules = load_rules(extra=[_write(tmp_path, own, disguises=disguises)])
    for text in ("you dawd-ler", "you dawdlr", "you d*wdler", "you \U0001f40c"):
        assert "directed_abuse.dawdlers" in {finding.rule for finding in rules.inspect(text)}, text


def test_a_desks_own_emoji_stand_beside_the_packaged_ones_of_the_same_word(tmp_path: Path) -> None:
    own = _write(tmp_path, disguises={"emoji": {"emoji_vermin": "\U0001f40c"}})
    rules = load_rules(extra=[own])
    for emoji in ("\U0001f40c", "\U0001f400"):
        found = rules.inspect(f"all women are {emoji}")
        assert any(finding.rule.startswith("identity_attack.") for finding in found), emoji


def test_a_desks_disguised_word_that_spoils_a_packaged_rule_is_refused(tmp_path: Path) -> None:
    own = _write(tmp_path, disguises={"words": ["tomororw"]})
    with pytest.raises(UserError, match="does not find its example") as raised:
        load_rules(extra=[own])
    assert "rule deadline." in raised.value.message


def test_versions_that_are_too_long_together_are_one_line(tmp_path: Path) -> None:
    own = _write(tmp_path, version="v" * 199)
    with pytest.raises(UserError, match="longer than 200 characters") as raised:
        load_rules(extra=[own])
    assert str(own) in raised.value.message


@pytest.mark.parametrize(
    ("changes", "top", "fault"),
    [
        ({"id": "threat.violence"}, {}, "threat.violence: the id is given twice"),
        ({}, {"lists": {"insult": ["dawdler"]}}, "the list insult is given twice"),
        ({"examples": {"match": ["nothing"], "no_match": ["x"]}}, {}, "does not find its example"),
    ],
)
def test_a_desks_own_rules_are_checked_as_the_packaged_ones_are(
    tmp_path: Path, changes: dict[str, object], top: dict[str, object], fault: str
) -> None:
    path = _write(tmp_path, _rule(**changes), **top)
    with pytest.raises(UserError) as raised:
        load_rules(extra=[path])
    assert fault in raised.value.message
    assert str(path) in raised.value.message


def test_a_desk_says_when_the_learned_model_counts(tmp_path: Path) -> None:
    own = {"toxicity": {"note_at_least": 0.2, "flag_at_least": 0.3}}
    ours = load_rules().learned
    theirs = load_rules(extra=[_write(tmp_path, _rule(), learned=own)]).learned
    assert theirs.toxicity.flag_at_least == 0.3
    assert theirs.urgency == ours.urgency
    assert ours.toxicity.flag_at_least > 0.3


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.yaml"):
        load_rules(tmp_path / "nowhere.yaml")
