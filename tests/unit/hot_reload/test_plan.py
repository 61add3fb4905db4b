"""What a look at the registry asks for."""

from __future__ import annotations

import pytest

from stream_app.hot_reload.plan import Step, is_rollback, plan
from stream_app.hot_reload.quarantine import Quarantine
from stream_app.registry.layout import Move
from stream_app.registry.version import RegisteredVersion

SERVING, BEFORE, NEW = (f"sha256:{digit * 64}" for digit in "abc")


def version(digest: str | None, number: int = 7) -> RegisteredVersion:
    return RegisteredVersion(number=number, digest=digest, source="runs:/r/bundle")


@pytest.mark.parametrize(
    ("seen", "step"),
    [
        (None, Step.KEEP),
        (version(SERVING), Step.KEEP),
        (version(BEFORE), Step.SWAP_BACK),
        (version(NEW), Step.PREPARE),
        (version(None), Step.PREPARE),
    ],
)
def test_the_step_follows_from_what_is_open(seen: RegisteredVersion | None, step: Step) -> None:
    assert plan(seen, current=SERVING, previous=BEFORE, quarantine=Quarantine()) is step


def test_without_a_previous_model_an_untagged_version_is_not_taken_for_it() -> None:
    step = plan(version(None), current=SERVING, previous=None, quarantine=Quarantine())
    assert step is Step.PREPARE


def test_a_version_in_quarantine_is_left_alone_until_quarantine_is_cleared() -> None:
    quarantine = Quarantine()
    quarantine.put(version(NEW), "a byte was flipped")
    assert plan(version(NEW), current=SERVING, previous=None, quarantine=quarantine) is Step.KEEP
    quarantine.clear()
    step = plan(version(NEW), current=SERVING, previous=None, quarantine=quarantine)
    assert step is Step.PREPARE


@pytest.mark.parametrize("corrected", [version(BEFORE), version(NEW, number=8)])
def test_quarantine_holds_one_version_with_one_digest(corrected: RegisteredVersion) -> None:
    quarantine = Quarantine()
    quarantine.put(version(NEW), "a byte was flipped")
    assert corrected not in quarantine
    assert len(quarantine) == 1


@pytest.mark.parametrize(
    ("number", "current", "rollback"),
    [(3, 4, True), (5, 4, False), (4, 4, False), (3, None, False)],
)
def test_an_older_version_number_is_a_rollback_where_another_tool_moved_the_alias(
    number: int, current: int | None, rollback: bool
) -> None:
    assert is_rollback(version(NEW, number), current) is rollback


@pytest.mark.parametrize(("move", "rollback"), [("promotion", False), ("rollback", True)])
@pytest.mark.parametrize("number", [3, 5])
def test_what_our_commands_moved_is_what_they_say(move: Move, number: int, rollback: bool) -> None:
    moved = version(NEW, number).model_copy(update={"champion_by": move})
    assert is_rollback(moved, 4) is rollback
    assert not is_rollback(moved, None)
