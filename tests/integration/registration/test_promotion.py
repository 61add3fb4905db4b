from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from stream_app.errors import CheckFailed, UserError
from stream_app.registry.client import RegistryClient
from stream_app.registry.layout import CHALLENGER, CHAMPION, PREVIOUS_CHAMPIONS_TAG
from stream_app.registry.local_server import LocalRegistry
from tests.integration.registration.conftest import Tickets
from tests.integration.registration.word_models import BETTER, GOOD, WORSE_ON_ONE_URGENT_INTENT
from training.registration import RegisteredModel, Version
from training.registration.model import REMEMBERED_CHAMPIONS

NewVersion = Callable[[dict[str, int]], int]


def champion(model: RegisteredModel) -> int | None:
    found = model.champion()
    return found.number if found else None


def test_versions_that_pass_become_champion_one_after_the_other(
    tickets_model: Tickets,
    registered: RegisteredModel,
    new_version: NewVersion,
    judged_by: tuple[str, ...],
) -> None:
    first, second = new_version(GOOD), new_version(BETTER)
    tickets_model("promote", str(first), *judged_by)
    assert champion(registered) == first
    tickets_model("promote", str(second), *judged_by)
    assert champion(registered) == second
    assert registered.version(str(second)).gate == "passed:own-limits"


def test_a_version_worse_on_one_urgent_intent_only_is_refused(
    tickets_model: Tickets,
    registered: RegisteredModel,
    new_version: NewVersion,
    judged_by: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    good, worse = new_version(GOOD), new_version(WORSE_ON_ONE_URGENT_INTENT)
    tickets_model("promote", str(good), *judged_by)
    capsys.readouterr()
    with pytest.raises(CheckFailed) as refused:
        tickets_model("promote", str(worse), *judged_by, "--json")
    assert refused.value.exit_code == 4
    assert "card_stolen fell from 100.0% to 50.0%" in refused.value.message
    report = json.loads(capsys.readouterr().out)
    failed = [each["criterion"] for each in report["verdicts"] if not each["passed"]]
    assert "urgent intents" in failed
    assert champion(registered) == good
    assert registered.version(str(worse)).gate == "failed:own-limits"


def test_force_promotes_what_the_gate_refuses_and_keeps_the_reason(
    tickets_model: Tickets,
    registered: RegisteredModel,
    new_version: NewVersion,
    judged_by: tuple[str, ...],
) -> None:
    good, worse = new_version(GOOD), new_version(WORSE_ON_ONE_URGENT_INTENT)
    tickets_model("promote", str(good), *judged_by)
    tickets_model("promote", str(worse), *judged_by, "--force", "incident 12")
    version = registered.version(CHAMPION)
    assert (version.number, version.gate, version.forced_because) == (
        worse,
        "forced",
        "incident 12",
    )


@pytest.mark.parametrize("reason", ["", "  "])
def test_force_without_a_reason_moves_nothing(
    tickets_model: Tickets, registered: RegisteredModel, new_version: NewVersion, reason: str
) -> None:
    with pytest.raises(UserError, match="needs a reason"):
        tickets_model("promote", str(new_version(GOOD)), "--force", reason)
    assert champion(registered) is None


def test_rollbacks_go_back_one_champion_at_a_time(
    tickets_model: Tickets, registered: RegisteredModel, new_version: NewVersion
) -> None:
    for _ in range(3):
        tickets_model("promote", str(new_version(GOOD)), "--force", "no data in this test")
    tickets_model("rollback")
    assert champion(registered) == 2
    tickets_model("rollback")
    assert champion(registered) == 1
    with pytest.raises(UserError, match="no champion before version 1"):
        tickets_model("rollback")
    assert champion(registered) == 1


def test_rollbacks_go_back_one_champion_at_a_time_where_one_was_champion_twice(
    tickets_model: Tickets, registered: RegisteredModel, new_version: NewVersion
) -> None:
    versions = [registered.version(str(new_version(GOOD))) for _ in range(3)]
    first, second, third = versions
    for version, over in ((first, None), (second, 1), (third, 2), (second, 3)):
        registered.make_champion(version, over=over)
    went_back_to = []
    for _ in range(3):
        tickets_model("rollback")
        went_back_to.append(champion(registered))
    assert went_back_to == [third.number, second.number, first.number]
    with pytest.raises(UserError, match="no champion before version 1"):
        tickets_model("rollback")


def test_no_more_champions_are_remembered_than_fit_a_tag(
    registered: RegisteredModel, new_version: NewVersion
) -> None:
    first, second = (registered.version(str(new_version(GOOD))) for _ in range(2))
    registered.make_champion(first, over=None)
    registered._client.set_registered_model_tag(
        registered.name, PREVIOUS_CHAMPIONS_TAG, ",".join(["2"] * (REMEMBERED_CHAMPIONS + 5))
    )
    registered.make_champion(second, over=first.number)
    tag = registered._entity().tags[PREVIOUS_CHAMPIONS_TAG]
    assert tag.split(",") == ["2"] * (REMEMBERED_CHAMPIONS - 1) + ["1"]


def test_a_worker_can_tell_a_promotion_from_a_rollback(
    mlflow_server: LocalRegistry,
    tickets_model: Tickets,
    registered: RegisteredModel,
    new_version: NewVersion,
) -> None:
    reader = RegistryClient(mlflow_server.uri, registered.name)
    first, second = (registered.version(str(new_version(GOOD))) for _ in range(2))

    def seen() -> tuple[int, str | None]:
        found = reader.resolve(CHAMPION)
        assert found is not None
        return found.number, found.champion_by

    registered.make_champion(second, over=None)
    registered.make_champion(first, over=second.number)
    assert seen() == (first.number, "promotion")
    tickets_model("rollback")
    assert seen() == (second.number, "rollback")
    registered.make_champion(first, over=second.number)
    registered.make_champion(second, over=first.number)
    assert seen() == (second.number, "promotion")


def test_a_forced_promotion_that_does_not_move_the_alias_marks_nothing(
    tickets_model: Tickets,
    registered: RegisteredModel,
    new_version: NewVersion,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second, third = (registered.version(str(new_version(GOOD))) for _ in range(3))
    registered.make_champion(first, over=None)
    before = RegisteredModel.champion

    def overtaken(model: RegisteredModel) -> Version | None:
        found = before(model)
        registered._point(CHAMPION, third.number)
        return found

    monkeypatch.setattr(RegisteredModel, "champion", overtaken)
    with pytest.raises(CheckFailed, match="the champion changed"):
        tickets_model("promote", str(second.number), "--force", "incident 12")
    assert registered.version(str(second.number)).gate == "absent"
    assert registered.version(str(second.number)).forced_because is None


def test_a_promotion_that_another_one_overtook_warns_who_is_the_champion(
    tickets_model: Tickets,
    registered: RegisteredModel,
    new_version: NewVersion,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second = (registered.version(str(new_version(GOOD))) for _ in range(2))
    point = RegisteredModel._point

    def overtaken(model: RegisteredModel, alias: str, number: int) -> None:
        point(model, alias, number)
        point(registered, alias, second.number)

    monkeypatch.setattr(RegisteredModel, "_point", overtaken)
    tickets_model("promote", str(first.number), "--force", "no data in this test")
    assert f"version {second.number} is the champion" in capsys.readouterr().err


def test_a_version_that_passes_later_keeps_no_reason_of_having_been_forced(
    tickets_model: Tickets,
    registered: RegisteredModel,
    new_version: NewVersion,
    judged_by: tuple[str, ...],
) -> None:
    first, second = new_version(GOOD), new_version(BETTER)
    for number in (second, first):
        tickets_model("promote", str(number), "--force", "incident 12")
    tickets_model("promote", str(second), *judged_by)
    version = registered.version(str(second))
    assert (version.gate, version.forced_because) == ("passed:own-limits", None)


def test_a_champion_that_changed_while_judging_is_not_replaced(
    tickets_model: Tickets, registered: RegisteredModel, new_version: NewVersion
) -> None:
    first, second, third = (registered.version(str(new_version(GOOD))) for _ in range(3))
    registered.make_champion(first, over=None)
    registered.make_champion(second, over=first.number)
    with pytest.raises(CheckFailed, match="the champion changed while judging; judge again"):
        registered.make_champion(third, over=first.number)
    assert champion(registered) == second.number
    tickets_model("rollback")
    assert champion(registered) == first.number


def test_a_promotion_that_broke_off_before_the_alias_leaves_a_way_back(
    tickets_model: Tickets, registered: RegisteredModel, new_version: NewVersion
) -> None:
    first, second = (registered.version(str(new_version(GOOD))) for _ in range(2))
    registered.make_champion(first, over=None)
    registered.make_champion(second, over=first.number)
    registered._remember([first.number, second.number])
    tickets_model("rollback")
    assert champion(registered) == first.number


def test_a_challenger_needs_no_gate_and_ceases_to_be_one_as_champion(
    tickets_model: Tickets,
    registered: RegisteredModel,
    new_version: NewVersion,
    judged_by: tuple[str, ...],
) -> None:
    number = new_version(GOOD)
    tickets_model("promote", str(number), "--to", "challenger")
    assert registered.version(str(number)).aliases == (CHALLENGER,)
    assert champion(registered) is None
    tickets_model("promote", CHALLENGER, *judged_by)
    assert registered.version(str(number)).aliases == (CHAMPION,)


def test_a_tampered_version_is_not_promoted(
    tickets_model: Tickets,
    registered: RegisteredModel,
    new_version: NewVersion,
    judged_by: tuple[str, ...],
    tmp_path: Path,
) -> None:
    number = new_version(GOOD)
    other = tmp_path / "labels.json"
    other.write_text("[]")
    registered._client.log_artifact(registered.version(str(number)).run_id, str(other), "bundle")
    with pytest.raises(UserError, match=r"labels\.json"):
        tickets_model("promote", str(number), *judged_by)
    assert champion(registered) is None


def test_compare_judges_and_moves_nothing(
    tickets_model: Tickets,
    registered: RegisteredModel,
    new_version: NewVersion,
    judged_by: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second = new_version(GOOD), new_version(BETTER)
    tickets_model("compare", str(second), "--against", str(first), *judged_by, "--json")
    report = json.loads(capsys.readouterr().out)
    assert report["passed"] is True
    assert (report["candidate"], report["champion"]) == ("words v2", "words v1")
    assert champion(registered) is None
    assert registered.version(str(second)).gate == "absent"


def test_texts_outside_the_scope_are_judged_where_they_are_given(
    tickets_model: Tickets,
    new_version: NewVersion,
    judged_by: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("text,category\nwill it rain,none\nhow old are you,none\n")
    number = str(new_version(GOOD))
    tickets_model(
        "compare", number, "--against", number, *judged_by, "--oos", str(outside), "--json"
    )
    report = json.loads(capsys.readouterr().out)
    [scope] = [each for each in report["verdicts"] if each["criterion"] == "out-of-scope AUROC"]
    assert scope["candidate"] == 1.0


def test_list_and_show_name_what_is_registered(
    tickets_model: Tickets, new_version: NewVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = new_version(GOOD), new_version(BETTER)
    tickets_model("promote", str(first), "--force", "no data in this test")
    capsys.readouterr()
    tickets_model("list", "--json")
    versions = json.loads(capsys.readouterr().out)["versions"]
    assert [(each["number"], each["aliases"], each["gate"]) for each in versions] == [
        (second, [], "absent"),
        (first, ["champion"], "forced"),
    ]
    tickets_model("show", "champion", "--json")
    shown = json.loads(capsys.readouterr().out)
    assert (shown["number"], shown["metrics"]) == (first, {"accuracy_int8": 0.9})


@pytest.mark.parametrize("command", [["list"], ["show", "champion"]])
def test_people_get_a_table(
    tickets_model: Tickets,
    new_version: NewVersion,
    command: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    tickets_model("promote", str(new_version(GOOD)), "--force", "no data in this test")
    tickets_model(*command)
    assert "words v1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["promote", "9", "--force", "x"], "has no version 9"),
        (["promote", "best", "--force", "x"], "has no alias 'best'"),
        (["promote", "1"], "the gate needs labelled tickets"),
        (["promote", "1", "--data", "nowhere.csv"], "no data set nowhere.csv"),
        (["compare", "1", "--data", "nowhere.csv"], "has no alias 'champion'"),
        (["rollback"], "no champion to go back from"),
    ],
)
def test_a_mistake_is_one_clear_line(
    tickets_model: Tickets, new_version: NewVersion, arguments: list[str], told: str
) -> None:
    new_version(GOOD)
    with pytest.raises(UserError, match=told) as caught:
        tickets_model(*arguments)
    assert "\n" not in caught.value.message


def test_a_model_that_was_never_registered_is_one_clear_line(tickets_model: Tickets) -> None:
    with pytest.raises(UserError, match="register a bundle with"):
        tickets_model("list")
