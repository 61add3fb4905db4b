"""The page of settings names each one with its default."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stream_app.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
SETTINGS = {
    f"TICKETS_{group}_{name}".upper(): field.default
    for group, part in Settings.model_fields.items()
    for name, field in type(part.default).model_fields.items()
}
DOCUMENTED = dict(re.findall(r"^\| `(TICKETS_[A-Z_]+)` \|(.*)$", PAGE, re.MULTILINE))
IN_GROUPS = re.compile(rf"TICKETS_({'|'.join(Settings.model_fields)})_".upper())


@pytest.mark.parametrize(("variable", "default"), SETTINGS.items())
def test_each_setting_stands_there_with_its_default(variable: str, default: object) -> None:
    cell = DOCUMENTED[variable].split("|")[0].strip()
    if default is None:
        # What is taken then is told in words.
        assert not re.fullmatch(r"[\d.]+|true|false", cell)
    else:
        said = list(default) if isinstance(default, tuple) else default
        assert cell.strip("`") == (str(said).lower() if isinstance(said, bool) else str(said))


def test_nothing_stands_there_that_is_no_setting() -> None:
    grouped = {variable for variable in DOCUMENTED if IN_GROUPS.match(variable)}
    assert grouped == set(SETTINGS)
