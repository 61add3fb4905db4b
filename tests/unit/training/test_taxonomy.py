"""A taxonomy places every label it is asked for, or says which it cannot."""

from pathlib import Path

import pytest

from schemas import Priority
from stream_app.errors import UserError
from training.taxonomy import choose_taxonomy, load_taxonomy
from training.taxonomy.choose import packaged
from training.taxonomy.draft import draft

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
    with pytest.raises(UserError, match="No such file"):
        load_taxonomy(tmp_path / "none.yaml")


def test_the_packaged_taxonomy_places_77_intents() -> None:
    taxonomy = load_taxonomy()
    assert len(taxonomy.labels(taxonomy.intents)) == 77
    used = {placement.category for placement in taxonomy.intents.values()}
    assert used == set(taxonomy.categories)


BANKING = sorted(load_taxonomy().intents)


def test_known_labels_get_the_packaged_taxonomy_that_knows_them() -> None:
    assert choose_taxonomy(None, data="any.csv", intents=BANKING[:5]).name == "banking77"
    orders = ["cancel_order", "get_refund", "track_order"]
    chosen = choose_taxonomy(None, data="any.csv", intents=orders)
    assert chosen.name == "bitext_support"
    assert len(chosen.labels(orders)) == 3


def test_one_unknown_label_among_known_ones_is_an_error() -> None:
    intents = [*BANKING[:5], "card_lots"]
    with pytest.raises(UserError, match="does not place these labels: card_lots"):
        choose_taxonomy(None, data="any.csv", intents=intents).labels(intents)


def test_foreign_labels_are_general_inquiries_of_medium_priority() -> None:
    intents = ["play_music", "weather", BANKING[0]]
    labels = choose_taxonomy(None, data="any.csv", intents=intents).labels(intents)
    assert {(label.category, label.priority) for label in labels} == {
        ("General Inquiry", Priority.MEDIUM)
    }


def test_generic_is_taken_at_its_word() -> None:
    labels = choose_taxonomy(Path("generic"), data="any.csv", intents=BANKING).labels(BANKING)
    assert {label.category for label in labels} == {"General Inquiry"}


def test_a_given_taxonomy_must_place_every_label(tmp_path: Path) -> None:
    given = write(tmp_path, SMALL)
    with pytest.raises(UserError, match="does not place these labels: lost"):
        choose_taxonomy(given, data="any.csv", intents=["lost"]).labels(["lost"])


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_a_taxonomy_beside_the_data_comes_before_the_packaged_ones(
    tmp_path: Path, kind: str
) -> None:
    name = "taxonomy.yaml" if kind == "folder" else "tickets.taxonomy.yaml"
    (tmp_path / name).write_text(SMALL, "utf-8")
    data = tmp_path if kind == "folder" else tmp_path / "tickets.csv"
    assert choose_taxonomy(None, data=str(data), intents=["refund"]).name == "small"


def test_every_packaged_taxonomy_uses_all_its_categories() -> None:
    for taxonomy in packaged():
        used = {placement.category for placement in taxonomy.intents.values()}
        assert used == set(taxonomy.categories), taxonomy.name


def test_a_draft_is_a_taxonomy_that_places_any_label(tmp_path: Path) -> None:
    intents = ["refund", "yes", "12", "a: b", "#late", "Größe?", "null", "x" * 200]
    taxonomy = load_taxonomy(write(tmp_path, draft("mine", intents)))
    assert [label.intent for label in taxonomy.labels(intents)] == intents
