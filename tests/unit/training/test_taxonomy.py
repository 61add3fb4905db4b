"""A taxonomy places every label it is asked for, or says which it cannot."""

from pathlib import Path

import pytest

from schemas import Priority
from stream_app.errors import Unavailable, UserError
from training.taxonomy import load_taxonomy

SMALL = """
version: 1
name: small
categories: [Billing, Technical]
intents:
  refund: {category: Billing, priority: high}
  crash: {category: Technical, priority: low}
"""


def write(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "taxonomy.yaml"
    path.write_text(content, "utf-8")
    return path


def test_labels_keep_the_order_asked_for(tmp_path: Path) -> None:
    labels = load_taxonomy(write(tmp_path, SMALL)).labels(["refund", "crash"])
    assert [label.intent for label in labels] == ["refund", "crash"]
    assert labels[0].category == "Billing"
    assert labels[0].priority is Priority.HIGH


def test_an_intent_that_the_data_lack_is_fine(tmp_path: Path) -> None:
    assert len(load_taxonomy(write(tmp_path, SMALL)).labels(["crash"])) == 1


def test_unmapped_labels_are_listed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not place these labels: lost, stolen;"):
        load_taxonomy(write(tmp_path, SMALL)).labels(["refund", "lost", "stolen"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (SMALL.replace("category: Billing", "category: Sales"), "unknown category 'Sales'"),
        (SMALL.replace("priority: high", "priority: soon"), "intents.refund.priority"),
        (SMALL + "  refund: {category: Technical, priority: low}\n", "refund appears twice"),
        (SMALL + "owner: me\n", "owner"),
        ("intents: [", "no valid YAML"),
        ("", "no taxonomy"),
    ],
)
def test_a_malformed_taxonomy_is_told_in_one_line(
    tmp_path: Path, content: str, message: str
) -> None:
    with pytest.raises(UserError, match=message) as raised:
        load_taxonomy(write(tmp_path, content))
    assert "\n" not in raised.value.message


def test_a_missing_taxonomy_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="No such file"):
        load_taxonomy(tmp_path / "none.yaml")


def test_the_packaged_taxonomy_places_77_intents() -> None:
    taxonomy = load_taxonomy()
    assert len(taxonomy.labels(taxonomy.intents)) == 77
    used = {placement.category for placement in taxonomy.intents.values()}
    assert used == set(taxonomy.categories)
