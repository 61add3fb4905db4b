"""Only the exact form counts as an answer."""

from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import LabelAnswer, ToxicityAnswer, UrgencyAnswer
from stream_app.llm.answers import Answers, answer_schema, read_answers

RIGHT = '{"urgency": "urgent", "toxicity": "threat"}'
LABELLED = '{"urgency": "urgent", "toxicity": "threat", "label": "fits"}'


def test_an_answer_in_the_right_form_is_read() -> None:
    assert read_answers(RIGHT, labelled=False) == Answers(
        UrgencyAnswer.URGENT, ToxicityAnswer.THREAT, None
    )
    assert read_answers(LABELLED, labelled=True) == Answers(
        UrgencyAnswer.URGENT, ToxicityAnswer.THREAT, LabelAnswer.FITS
    )


@pytest.mark.parametrize("fence", ["```{}```", "```json\n{}\n```", "\n ```\n{}\n```\n", " {}\n"])
def test_a_code_fence_is_taken_off(fence: str) -> None:
    assert read_answers(fence.format(RIGHT), labelled=False) is not None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "urgent",
        RIGHT[:-5],
        RIGHT + RIGHT,
        f"Sure! {RIGHT}",
        f"[{RIGHT}]",
        "```json\n" + RIGHT,
        '{"urgency": "urgent"}',
        '{"urgency": "URGENT", "toxicity": "none"}',
        '{"urgency": "very", "toxicity": "none"}',
        '{"urgency": 1, "toxicity": "none"}',
        '{"urgency": null, "toxicity": "none"}',
        '{"urgency": "urgent", "toxicity": "none", "queue": "standard"}',
        '{"urgency": "urgent", "toxicity": "none", "label": null}x',
        "[" * 20_000,
    ],
)
def test_anything_else_is_no_answer(content: str) -> None:
    assert read_answers(content, labelled=False) is None


def test_the_label_is_there_if_and_only_if_it_was_asked_for() -> None:
    assert read_answers(RIGHT, labelled=True) is None
    assert read_answers(LABELLED, labelled=False) is None


@settings(max_examples=100)
@given(st.text())
def test_no_content_is_an_error(content: str) -> None:
    read_answers(content, labelled=True)
    assert read_answers(json.dumps(content), labelled=False) is None


@pytest.mark.parametrize("labelled", [True, False])
def test_the_schema_takes_what_is_read_and_is_strict(labelled: bool) -> None:
    schema = answer_schema(labelled=labelled)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(LABELLED if labelled else RIGHT), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(RIGHT if labelled else LABELLED), schema)
