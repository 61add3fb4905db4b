"""The page stands alone, escapes what it quotes, and leaves out what it has nothing to show of."""

import re
from html.parser import HTMLParser

import pytest

from tests.unit.training.report.subjects import HOURS, LOST, STOLEN, evidence, subject
from training.report.drawings import drawings
from training.report.page import render
from training.report.rendering import png

MIXED = [
    *[(STOLEN, STOLEN, 0.9), (LOST, LOST, 0.8), (HOURS, HOURS, 0.95)] * 20,
    (STOLEN, LOST, 0.6),
    (HOURS, LOST, 0.4),
]

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Reader(HTMLParser):
    """Collects what a page refers to, its ids and its text, and checks that elements are closed."""

    def __init__(self) -> None:
        super().__init__()
        self.references: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in {"src", "href", "xlink:href", "data", "action"}:
                self.references.append(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def page() -> str:
    return render(subject(evidence(MIXED, text="<script>alert(1)</script> & $x$")))


def test_nothing_on_the_page_points_outside_it(page: str) -> None:
    reader = read(page)
    assert all(reference.startswith("#") for reference in reader.references)
    assert "http" not in page
    assert "@import" not in page
    assert "<script" not in page


def test_inner_references_lead_to_an_id_that_is_there_once(page: str) -> None:
    reader = read(page)
    targets = {reference[1:] for reference in reader.references}
    targets |= set(re.findall(r"url\(#([^)]+)\)", page))
    assert targets <= set(reader.ids)
    assert len(reader.ids) == len(set(reader.ids))


def test_quoted_tickets_are_shown_as_they_are(page: str) -> None:
    assert "<script>alert(1)</script> & $x$ 60" in read(page).text


def test_every_colour_of_the_figures_follows_the_theme(page: str) -> None:
    svg = "".join(re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL))
    assert re.findall(r"#[0-9a-f]{6}\b", svg) == []
    used = set(re.findall(r"var\((--[\w-]+)\)", page))
    assert used <= set(re.findall(r"(--[\w-]+):", page))


def test_the_page_says_where_the_model_came_from(page: str) -> None:
    text = read(page).text
    for expected in (
        "cards 20260301T093000Z",
        "sha256:" + "ab" * 32,
        "sha256:" + "ef" * 32,
        "commit 0123456789ab with local changes",
        "tickets train --data cards.csv --seed 7",
        "learning rate",
        "23.4 MB",
    ):
        assert expected in text


def test_a_perfect_model_without_epochs_has_a_page_too() -> None:
    measured = evidence([(STOLEN, STOLEN, 0.9), (LOST, LOST, 0.9)])
    text = read(render(subject(measured, epochs=0, review_below=0.99))).text
    assert "No answer on the measured tickets is wrong." in text
    assert "all go to review" in text
    assert "How the fit went" not in text
    assert "Telling categories apart" not in text
    assert "By kind of ticket" not in text


def test_each_figure_is_an_image_too() -> None:
    found = drawings(subject(evidence(MIXED)))
    assert set(found) == {
        "confusion",
        "learning",
        "reliability",
        "risk_coverage",
        "roc",
        "slices",
    }
    assert all(png(drawing).startswith(b"\x89PNG") for drawing in found.values())
