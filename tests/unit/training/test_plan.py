"""A plan's command line says what the plan says; settings of a recipe are checked one by one."""

import shlex
from dataclasses import asdict
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from stream_app.errors import UserError
from training.architectures import ArchitectureName
from training.command import app
from training.plan import Plan, parse_changes

CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "epochs": st.integers(0, 100),
        "batch_rows": st.integers(1, 4_096),
        "learning_rate": st.floats(1e-9, 10.0),
        "dropout": st.floats(0.0, 1.0),
    },
)


@given(CHANGES)
def test_settings_survive_the_command_line_to_the_last_digit(
    changes: dict[str, float | int],
) -> None:
    command = shlex.split(Plan("starter", changes=changes).command)
    settings = [command[at + 1] for at, word in enumerate(command) if word == "--set"]
    assert parse_changes(settings) == changes


def test_the_command_has_the_options_that_the_plan_needs_and_no_other() -> None:
    assert Plan("starter").command == "tickets train --data starter --seed 7"
    plan = Plan(
        "my data.csv",
        ArchitectureName.DECODER,
        base_model="some/model",
        taxonomy=Path("tax.yaml"),
        quick=True,
        seed=3,
    )
    assert shlex.split(plan.command)[2:] == [
        *("--data", "my data.csv", "--architecture", "decoder", "--base-model", "some/model"),
        *("--taxonomy", "tax.yaml", "--quick", "--seed", "3"),
    ]


def test_every_word_of_a_command_is_an_option_of_tickets_train() -> None:
    plan = Plan("starter", ArchitectureName.BILSTM, "model", Path("t"), True, 3, {"epochs": 1})
    options = {option for word in typer.main.get_command(app).params for option in word.opts}
    assert {word for word in shlex.split(plan.command) if word.startswith("--")} <= options


def test_changes_are_laid_over_the_preset() -> None:
    plan = Plan("starter", quick=True, changes={"epochs": 3, "dropout": 0.2})
    expected = asdict(plan.kind.quick) | {"epochs": 3, "dropout": 0.2}
    assert plan.recipe.as_record() == expected


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("epochs", "expected NAME=VALUE"),
        ("no_such_field=1", "with one of the names .*batch_rows"),
        ("epochs=1.5", "expected a whole number"),
        ("learning_rate=fast", "expected a number"),
        ("learning_rate=nan", "of at least 0"),
        ("learning_rate=inf", "of at least 0"),
        ("dropout=1.5", "between 0 and 1"),
        ("batch_rows=0", "of at least 1"),
        ("held_out_share=1", "between 0.001 and 1, less than 1"),
        ("held_out_share=nan", "between 0.001 and 1, less than 1"),
    ],
)
def test_a_setting_that_does_not_fit_is_one_line(setting: str, reason: str) -> None:
    with pytest.raises(UserError, match=reason) as raised:
        parse_changes([setting])
    assert "\n" not in raised.value.message
