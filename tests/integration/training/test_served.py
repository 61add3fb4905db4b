"""Every architecture, and other data sets than banking, go from rows to tickets in their queues."""

from __future__ import annotations

import csv
import json
import os
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from schemas import TriagedTicket
from stream_app.broker import Broker
from stream_app.bundle import Bundle, list_bundles, read_bundle
from stream_app.labelled_data import load_dataset
from stream_app.settings import TopicSettings
from tests.conftest import StartWorker
from tests.verifier import Sent, Verifier, send_records
from training.command import app as train_command

pytestmark = [pytest.mark.kafka, pytest.mark.model]

INTENTS = ("card_swallowed", "change_pin", "exchange_rate", "request_refund")

SMALL_STEPS = ("--epochs", "10", "--set", "batch_rows=8")
"""A few dozen rows make too few batches of the usual size to learn anything from."""


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


def messages(folder: Path) -> None:
    """Two labels, one six times as frequent as the other, in the only file of the folder."""
    chance = random.Random(1)
    people, places = ("Ann", "Bo", "mum", "the team"), ("lunch", "the station", "home", "practice")
    ham = [
        f"see you at {chance.choice(places)} at {hour}, {who} comes too"
        for hour in range(1, 13)
        for who in people
    ]
    spam = [
        f"WINNER! claim your {price} pound prize now, text YES" for price in range(100, 900, 100)
    ]
    rows = [("ham", text) for text in ham] + [("spam", text) for text in spam]
    write_csv(folder / "messages.csv", ("type", "text"), rows)


def requests(folder: Path) -> None:
    """A split of its own, other column names, a coarser label beside the finer one."""
    wording = {
        "track_order": "where is my parcel {number}, it has not come",
        "get_invoice": "send me the invoice for purchase {number}",
        "delete_account": "I want account {number} closed and gone",
    }
    for part, numbers in (("train", range(20)), ("valid", range(20, 26)), ("test", range(26, 32))):
        rows = [
            (text.format(number=number), intent, "ANY")
            for intent, text in wording.items()
            for number in numbers
        ]
        write_csv(folder / f"{part}.csv", ("utterance", "intent", "category"), rows)


MADE_UP = {"sms_spam": messages, "bitext_support": requests}
"""Stands in for a public data set, in the layout of its files."""


def data_folder(name: str, tmp_path: Path) -> Path:
    """The public data set in TICKETS_DATA_DIR, or one like it."""
    published = Path(os.environ.get("TICKETS_DATA_DIR", "")) / name
    if "TICKETS_DATA_DIR" in os.environ and published.is_dir():
        return published
    folder = tmp_path / name
    folder.mkdir()
    MADE_UP[name](folder)
    return folder


def trained(data: Path, store: Path, *options: str) -> Bundle:
    """What `tickets train` makes of `data`."""
    arguments = ["--data", str(data), "--quick", "--no-track", "--out", str(store), *options]
    train_command([*arguments, "--json"], standalone_mode=False)
    (folder,) = list_bundles(store)
    return read_bundle(folder)


def served(
    bundle: Bundle, kafka: Broker, topics: TopicSettings, start: StartWorker, verifier: Verifier
) -> dict[str, TriagedTicket]:
    """The decisions of a worker on the bundle's golden tickets, by the intent that is due."""
    values = {
        ticket.intent: json.dumps({"ticket_id": ticket.intent, "text": ticket.text}).encode()
        for ticket in bundle.golden
    }
    records = [Sent(intent.encode(), value) for intent, value in values.items()]
    ledger = send_records(kafka.bootstrap_servers, topics.raw, records)
    start(serving=bundle.model_path.parent)
    verdict = verifier.check(ledger)
    tickets = [TriagedTicket.model_validate_json(value or b"") for value in verdict.values.values()]
    return {ticket.ticket_id: ticket for ticket in tickets}


@pytest.mark.parametrize("architecture", ["decoder", "bilstm", "tfidf"])
def test_each_architecture_is_served_by_the_same_worker(
    architecture: str,
    few_intents: Path,
    tmp_path: Path,
    kafka: Broker,
    unique_topics: TopicSettings,
    start_worker: StartWorker,
    verifier: Verifier,
) -> None:
    options = () if architecture == "tfidf" else SMALL_STEPS
    bundle = trained(few_intents, tmp_path / "store", "--architecture", architecture, *options)
    assert bundle.manifest.provenance.base_model == "none"
    tickets = served(bundle, kafka, unique_topics, start_worker, verifier)
    assert set(tickets) == set(INTENTS)
    for intent, ticket in tickets.items():
        assert ticket.intent == intent
        assert ticket.model == bundle.reference


@pytest.mark.parametrize("name", ["sms_spam", "bitext_support"])
def test_another_data_set_is_served_without_a_change_of_code(
    name: str,
    tmp_path: Path,
    kafka: Broker,
    unique_topics: TopicSettings,
    start_worker: StartWorker,
    verifier: Verifier,
) -> None:
    data = data_folder(name, tmp_path)
    bundle = trained(data, tmp_path / "store", "--architecture", "tfidf")
    assert tuple(label.intent for label in bundle.labels) == load_dataset(str(data)).intents
    assert bundle.manifest.provenance.metrics["macro_f1"] > 0.9
    tickets = served(bundle, kafka, unique_topics, start_worker, verifier)
    assert set(tickets) == {label.intent for label in bundle.labels}
    assert all(ticket.intent == intent for intent, ticket in tickets.items())
