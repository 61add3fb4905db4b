"""What a training leaves behind stays, whatever fails after its fit."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from stream_app.labelled_data import Example
from training.session import write_report
from training.train import free_version, unknown

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_trainings_of_the_same_second_get_folders_of_their_own(tmp_path: Path) -> None:
    versions = []
    for _ in range(3):
        versions.append(free_version(tmp_path, "cards", AT))
        (tmp_path / f"cards-{versions[-1]}").mkdir()
    assert versions == ["20260102T030405Z", "20260102T030405Z-2", "20260102T030405Z-3"]
    assert free_version(tmp_path, "loans", AT) == "20260102T030405Z"


def test_a_report_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    told = io.StringIO()
    console = Console(file=told, width=200)
    assert write_report("<html>", tmp_path / "report.html", console) == tmp_path / "report.html"
    assert told.getvalue() == ""
    assert write_report("<html>", tmp_path, console) is None
    assert "the report is not written" in told.getvalue()


def test_held_out_rows_that_were_fitted_too_calibrate_nothing() -> None:
    fitted = [Example("where is my card", "cards"), Example("raise my limit", "limits")]
    fresh = Example("card not here", "cards")
    assert unknown([Example("where is my card", "limits"), fresh], fitted) == (fresh,)
    respelled = Example(fitted[0].text.upper().replace(" ", "  "), "limits")
    assert unknown([respelled, fresh], fitted) == (fresh,)
    assert unknown(fitted[:1], fitted) == (fitted[0],)
