"""One reference, swapped between micro-batches; nothing in use is closed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stream_app.bundle import read_bundle
from stream_app.hot_reload.serving import Served, ServingModel
from stream_app.inference import open_classifier
from tests.unit.tiny_bundle import write_tiny_bundle

OpenVersion = Callable[[int], Served]


@pytest.fixture
def open_version(tmp_path: Path) -> OpenVersion:
    def open_one(number: int) -> Served:
        folder = write_tiny_bundle(tmp_path / f"{number}", version=f"{number}")
        return Served(open_classifier(read_bundle(folder), lanes=1), number)

    return open_one


def answers(served: Served) -> bool:
    """Whether its lanes still take work."""
    try:
        return len(served.classifier.classify(["stolen"])) == 1
    except RuntimeError:
        return False


def test_a_micro_batch_keeps_the_model_it_began_with(open_version: OpenVersion) -> None:
    serving = ServingModel(open_version(1))
    with serving.hold() as held:
        serving.swap(open_version(2))
        assert held.reference.version == "1"
        with serving.hold() as next_held:
            assert next_held.reference.version == "2"
    serving.close()


def test_the_previous_model_stays_open_for_a_swap_back(open_version: OpenVersion) -> None:
    first, second = open_version(1), open_version(2)
    serving = ServingModel(first)
    serving.swap(second)
    assert serving.previous is first
    serving.swap(first)
    assert serving.current is first
    assert serving.previous is second
    assert answers(first)
    assert answers(second)
    serving.close()


def test_the_model_before_the_previous_one_is_closed_at_once_when_unused(
    open_version: OpenVersion,
) -> None:
    models = [open_version(number) for number in (1, 2, 3)]
    serving = ServingModel(models[0])
    serving.swap(models[1])
    serving.swap(models[2])
    assert [answers(model) for model in models] == [False, True, True]
    serving.close()


def test_a_model_in_use_is_closed_by_its_last_micro_batch(open_version: OpenVersion) -> None:
    models = [open_version(number) for number in (1, 2, 3)]
    serving = ServingModel(models[0])
    with serving.hold():
        with serving.hold():
            serving.swap(models[1])
            serving.swap(models[2])
        assert answers(models[0])
    assert not answers(models[0])
    serving.close()


def test_the_end_closes_every_model(open_version: OpenVersion) -> None:
    models = [open_version(number) for number in (1, 2, 3)]
    serving = ServingModel(models[0])
    with serving.hold():
        serving.swap(models[1])
        serving.swap(models[2])
        serving.close()
    assert [answers(model) for model in models] == [False, False, False]
