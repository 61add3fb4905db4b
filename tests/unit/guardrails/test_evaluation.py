"""The evaluation counts per functionality what the guardrail got right, and refuses other files."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas import Finding, Guardrail, Severity
from stream_app.errors import UserError
from stream_app.guardrails.evaluation import Target, evaluate, read_labelled_texts

DATA = """functionality,test_case,label_gold
threat,"one, kill",hateful
threat,two,hateful
greeting,three,non-hateful
threat,four,non-hateful
"""


def _flag(rule: str) -> Finding:
    return Finding(guardrail=Guardrail.TOXICITY, rule=rule, severity=Severity.FLAG)


def _write(folder: Path, content: str) -> Path:
    path = folder / "data.csv"
    path.write_text(content, encoding="utf-8")
    return path


def test_each_functionality_is_scored_with_its_toxic_and_harmless_rows_apart(
    tmp_path: Path,
) -> None:
    rows = read_labelled_texts(_write(tmp_path, DATA))

    found = [(_flag("identity_attack.x"),) if "kill" in row.text else () for row in rows]
    threat, greeting = evaluate(rows, found, Target.ANY).scores
    assert (threat.functionality, threat.toxic.rows, threat.toxic.right) == ("threat", 2, 1)
    assert (threat.harmless.rows, threat.harmless.right) == (1, 1)
    assert threat.accuracy == pytest.approx(2 / 3)
    assert greeting.toxic.accuracy is None
    assert evaluate(rows, found, Target.ANY).macro_accuracy == pytest.approx((2 / 3 + 1) / 2)


def test_abuse_of_one_person_is_toxic_and_no_attack_on_a_group(tmp_path: Path) -> None:
    rows = read_labelled_texts(_write(tmp_path, "text,label\nyou there,1\n"))
    found = [(_flag("directed_abuse.x"),)]
    assert evaluate(rows, found, Target.ANY).macro_accuracy == 1.0
    assert evaluate(rows, found, Target.IDENTITY).macro_accuracy == 0.0


def test_a_note_counts_for_nothing(tmp_path: Path) -> None:
    rows = read_labelled_texts(_write(tmp_path, "text,label\ndamn,fine\n"))
    note = Finding(guardrail=Guardrail.TOXICITY, rule="profanity.x", severity=Severity.NOTE)
    assert evaluate(rows, [(note,)], Target.ANY).macro_accuracy == 1.0


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("text,kind\nx,1\n", "needs a column named label_gold or label or toxic"),
        ("body,label\nx,1\n", "needs a column named text or test_case or utterance"),
        ("text,label\nx,perhaps\n", "row 1: the label 'perhaps' is none of"),
        ("text,label\n", "holds no rows"),
        ('text,label\n"x,1\n', "no valid CSV"),
    ],
)
def test_an_unusable_file_is_one_line_that_says_why(
    tmp_path: Path, content: str, fault: str
) -> None:
    with pytest.raises(UserError) as raised:
        read_labelled_texts(_write(tmp_path, content))
    assert fault in raised.value.message
    assert "data.csv" in raised.value.message
    assert "\n" not in raised.value.message
