"""Labelled rows come out as they were written, and every mistake names its file and row."""

import csv
import http.server
import io
import json
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.errors import Unavailable, UserError
from stream_app.labelled_data import (
    Dataset,
    Example,
    load_dataset,
    load_test_rows,
    split_by_text,
    stratified_split,
)
from stream_app.labelled_data.banking77 import CHECKSUMS, cache_folder, load_banking77
from stream_app.labelled_data.files import parse_csv, parse_jsonl

texts = st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip)
intents = st.sampled_from(["refund", "card_lost", "Größe?"])
examples = st.lists(st.builds(Example, text=texts, intent=intents), min_size=1)


@given(examples)
def test_csv_rows_survive_line_breaks_quotes_and_any_character(rows: list[Example]) -> None:
    content = io.StringIO(newline="")
    writer = csv.writer(content)
    writer.writerow(["text", "category"])
    writer.writerows((row.text, row.intent) for row in rows)
    assert list(parse_csv(content.getvalue(), source="x.csv")) == rows


@given(examples, st.booleans())
def test_jsonl_rows_survive_any_character(rows: list[Example], escaped: bool) -> None:
    lines = [
        json.dumps({"utterance": row.text, "label": row.intent}, ensure_ascii=escaped)
        for row in rows
    ]
    assert list(parse_jsonl("\n".join(lines), source="x.jsonl")) == rows


def fault_of(rows: Iterator[Example]) -> str | None:
    """The error's message, if reading all `rows` raises one."""
    try:
        list(rows)
    except UserError as error:
        return error.message
    return None


@given(st.text())
def test_no_csv_content_gives_more_than_a_one_line_error(content: str) -> None:
    fault = fault_of(parse_csv(content, source="x.csv"))
    assert fault is None or (fault.startswith("x.csv") and "\n" not in fault)


@given(st.text())
def test_no_jsonl_content_gives_more_than_a_one_line_error(content: str) -> None:
    fault = fault_of(parse_jsonl(content, source="x.jsonl"))
    assert fault is None or (fault.startswith("x.jsonl") and "\n" not in fault)


def test_the_finer_of_two_label_columns_is_taken() -> None:
    content = "utterance,category,intent\nwhere is it,ORDER,track_order\n"
    assert list(parse_csv(content, source="x")) == [Example("where is it", "track_order")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"words,category\nhi,x\n", "needs a column named text or utterance"),
        ("a.csv", b"text,topic\nhi,x\n", "needs a column named intent or category"),
        ("a.csv", b"text,category\nhi,x\n  ,x\n", "row 2: the text is empty"),
        ("a.csv", b"text,category\nhi\n", "row 1: the label is empty"),
        ("a.csv", b'text,category\n"hi,x\n', "no valid CSV"),
        ("a.csv", b"text,category\n", "holds no rows"),
        ("a.csv", b"text,category\na,x\nb,x\n", "two or more labels"),
        ("a.csv", b"text,category\na,x\nb,x\nc,y\n", "fewer than 2 training rows: y"),
        ("a.csv", b"text,category\n\xff,x\n", "not UTF-8: byte 14"),
        ("a.jsonl", b'{"text": "hi"}\n', "line 1: needs a column named intent"),
        ("a.jsonl", b'{"text": 5, "label": "x"}\n', "line 1: the text is not a string"),
        ("a.jsonl", b'\n["hi"]\n', "line 2: expected a JSON object"),
        ("a.jsonl", b"{\n", "line 1: no valid JSON"),
        (
            "a.jsonl",
            rb'{"text": "\ud83d", "label": "x"}',
            "line 1: the text holds half a surrog",
        ),
        ("a.jsonl", rb'{"text": "x", "label": "\ud83d"}', "line 1: the label holds half a surrog"),
        ("a.txt", b"hi\n", "expected a .csv or .jsonl file"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_why(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match=message) as raised:
        load_dataset(str(path))
    assert "\n" not in raised.value.message


def test_a_missing_data_set_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="expected banking77, a file or a folder"):
        load_dataset(str(tmp_path / "none.csv"))


def test_a_folder_is_taken_with_its_own_split(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("text,category\na,x\nb,x\nc,y\nd,y\n")
    (tmp_path / "valid.jsonl").write_text('{"text": "e", "label": "x"}\n')
    (tmp_path / "test.csv").write_text("text,category\nf,y\n")
    dataset = load_dataset(str(tmp_path))
    assert [len(part) for part in (dataset.train, dataset.validation, dataset.test)] == [4, 1, 1]
    assert dataset.intents == ("x", "y")


def test_a_test_label_without_training_rows_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("text,category\na,x\nb,x\nc,y\nd,y\n")
    (tmp_path / "test.csv").write_text("text,category\nf,z\n")
    with pytest.raises(UserError, match="no training row has these labels: z"):
        load_dataset(str(tmp_path))


def test_a_single_file_is_split_the_same_way_each_time(tmp_path: Path) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text(
        "text,category\n" + "".join(f"text {row},{row % 3}\n" for row in range(60)), "utf-8"
    )
    first, second = load_dataset(str(path)), load_dataset(str(path))
    assert first.sha256 == second.sha256
    assert {example.intent for example in first.test} == {"0", "1", "2"}
    assert len(first.train) + len(first.test) == 60


def test_a_text_that_repeats_is_never_in_both_parts(tmp_path: Path) -> None:
    path = tmp_path / "tickets.csv"
    rows = "".join(f"text {row % 40},{row % 2}\n" for row in range(120))
    path.write_text("text,category\n" + rows, "utf-8")
    dataset = load_dataset(str(path))
    assert len(dataset.train) + len(dataset.test) == 120
    assert {row.text for row in dataset.train}.isdisjoint(row.text for row in dataset.test)


def test_a_folder_with_one_file_of_any_name_is_that_file(tmp_path: Path) -> None:
    rows = "".join(f"text {row},{row % 3}\n" for row in range(60))
    (tmp_path / "messages.csv").write_text("text,type\n" + rows)
    (tmp_path / "README.md").write_text("Where it comes from.")
    assert load_dataset(str(tmp_path)).sha256 == load_dataset(str(tmp_path / "messages.csv")).sha256


def test_a_folder_with_two_files_of_other_names_is_an_error(tmp_path: Path) -> None:
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text("text,type\na,x\n")
    with pytest.raises(UserError, match=r"neither train.csv nor train.jsonl"):
        load_dataset(str(tmp_path))


def spelling(text: str) -> str:
    return " ".join(normalize("NFC", text).casefold().split())


@given(examples, st.floats(0.01, 0.99), st.integers(0, 2**32), st.integers(1, 3))
def test_a_split_loses_nothing_and_keeps_every_intent_on_both_sides(
    rows: list[Example], share: float, seed: int, least: int
) -> None:
    kept, aside = stratified_split(rows, share=share, seed=seed, least_kept=least)
    assert Counter(kept) + Counter(aside) == Counter(rows)
    for intent, count in Counter(row.intent for row in rows).items():
        kept_rows = sum(row.intent == intent for row in kept)
        assert min(count, least) <= kept_rows <= max(least, count - 1)
    assert (kept, aside) == stratified_split(rows, share=share, seed=seed, least_kept=least)


@given(examples, examples, st.floats(0.01, 0.99), st.integers(1, 3))
def test_a_text_that_was_kept_is_given_later_only_by_an_intent_that_had_few(
    rows: list[Example], more: list[Example], share: float, least: int
) -> None:
    kept, _ = split_by_text(rows, share=share, least_kept=least)
    _, later = split_by_text([*rows, *more], share=share, least_kept=least)
    intents_of: dict[str, set[str]] = {}
    for row in rows:
        intents_of.setdefault(spelling(row.text), set()).add(row.intent)
    few: set[str] = set()
    for intent in {row.intent for row in rows}:
        own = {spelling(row.text) for row in kept if row.intent == intent}
        if sum(intents_of[text] == {intent} for text in own) <= least:
            few |= own
    assert {spelling(row.text) for row in kept} & {spelling(row.text) for row in later} <= few


@given(examples, st.floats(0.01, 0.99), st.integers(1, 3))
def test_a_split_by_text_loses_nothing_and_parts_no_text(
    rows: list[Example], share: float, least: int
) -> None:
    kept, aside = split_by_text(rows, share=share, least_kept=least)
    assert Counter(kept) + Counter(aside) == Counter(rows)
    places = iter(rows)
    assert all(row in places for row in kept)
    sides = [{spelling(row.text) for row in part} for part in (kept, aside)]
    assert sides[0].isdisjoint(sides[1])
    for intent in {row.intent for row in rows}:
        texts = [
            {spelling(row.text) for row in part if row.intent == intent} for part in (kept, aside)
        ]
        assert len(texts[0]) >= min(least, len(texts[0] | texts[1]))


def test_an_intent_that_can_gives_a_text_and_a_repeated_one_is_not_in_the_way() -> None:
    rows = [Example(text, "x") for text in ("a", "a", "a", "b", "c")] + [Example("d", "y")]
    _, aside = split_by_text(rows, share=0.01, least_kept=2)
    assert len({row.text for row in aside}) == 1
    assert {row.intent for row in aside} == {"x"}


def test_a_text_that_a_small_intent_keeps_is_given_by_no_other() -> None:
    many = [Example(f"text {number}", "x") for number in range(50)]
    _, aside = split_by_text(many, share=0.5, least_kept=1)
    _, after = split_by_text([*many, Example(aside[0].text, "y")], share=0.5, least_kept=1)
    assert aside[1:] == after


def test_about_the_share_is_set_aside_and_spelling_keeps_a_text_together() -> None:
    rows = [Example(f"ticket number {number}", str(number % 5)) for number in range(2_000)]
    louder = [Example(f"  TICKET number  {number} ", row.intent) for number, row in enumerate(rows)]
    kept, aside = split_by_text([*rows, *louder], share=0.15)
    assert 0.12 < len(aside) / (len(kept) + len(aside)) < 0.18
    words = [{" ".join(row.text.lower().split()) for row in part} for part in (kept, aside)]
    assert words[0].isdisjoint(words[1])


def test_a_folder_may_hold_test_rows_alone_but_nothing_is_trained_on_them(tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("text,category\na,x\nb,y\n")
    assert [row.text for row in load_test_rows(str(tmp_path))] == ["a", "b"]
    with pytest.raises(UserError, match=r"neither train\.csv nor train\.jsonl"):
        load_dataset(str(tmp_path))


def test_the_digest_tells_rows_and_parts_apart() -> None:
    rows = (Example("a", "x"), Example("b", "x"), Example("c", "y"), Example("d", "y"))
    base = Dataset(name="one", train=rows)
    assert base.sha256 == Dataset(name="two", train=rows).sha256
    assert base.sha256 != Dataset(name="one", train=rows[::-1]).sha256
    assert base.sha256 != Dataset(name="one", train=rows, test=rows[:1]).sha256


def test_the_starter_set_covers_the_banking_taxonomy() -> None:
    from training.starter_set import load_starter
    from training.taxonomy import load_taxonomy

    starter = load_starter()
    assert set(starter.intents) == set(load_taxonomy().intents)
    assert min(Counter(row.intent for row in starter.train).values()) >= 15
    assert max(Counter(row.text for row in starter.train).values()) == 1


@pytest.fixture
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("TICKETS_DATA_DIR", raising=False)
    monkeypatch.setenv("TICKETS_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def file_server(tmp_path: Path) -> Iterator[str]:
    served = tmp_path / "served"
    served.mkdir()
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.usefixtures("empty_machine")
def test_without_a_network_banking77_says_what_to_do() -> None:
    # Port 9 of this machine: nothing listens, so the connection is refused at once.
    with pytest.raises(Unavailable, match="TICKETS_DATA_DIR, or take other data"):
        load_banking77(source="http://127.0.0.1:9")


class _BreaksOff(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"text,category")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.usefixtures("empty_machine")
def test_a_download_that_breaks_off_says_what_to_do() -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _BreaksOff) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with pytest.raises(Unavailable, match="cannot be downloaded"):
                load_banking77(source=f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.usefixtures("empty_machine")
def test_a_download_that_is_not_the_pinned_file_is_not_kept(
    file_server: str, tmp_path: Path
) -> None:
    (tmp_path / "served" / "train.csv").write_text("text,category\nhi,x\n")
    with pytest.raises(Unavailable, match="nothing was kept"):
        load_banking77(source=file_server)
    assert list(cache_folder().iterdir()) == []


def test_a_changed_file_on_this_machine_is_refused(
    empty_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = empty_machine / "data" / "banking77"
    folder.mkdir(parents=True)
    for name in CHECKSUMS:
        (folder / name).write_text("text,category\nhi,x\n")
    monkeypatch.setenv("TICKETS_DATA_DIR", str(folder.parent))
    with pytest.raises(UserError, match="is not the Banking77 file"):
        load_dataset("banking77")
