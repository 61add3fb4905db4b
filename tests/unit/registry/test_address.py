"""Which registry a worker follows, if any."""

from __future__ import annotations

import pytest

from stream_app.errors import UserError
from stream_app.registry.address import registry_address
from stream_app.settings import RegistrySettings

FALLBACK = "MLFLOW_TRACKING_URI"


@pytest.mark.parametrize(
    ("setting", "fallback", "followed"),
    [
        (None, None, None),
        ("http://one:5000", None, "http://one:5000"),
        ("https://one", "http://other:5000", "https://one"),
        (None, "http://other:5000", "http://other:5000"),
        (None, "sqlite:///mlflow.db", None),
        (None, "", None),
        ("", "http://other:5000", None),
    ],
)
def test_the_setting_comes_first_and_a_fallback_must_be_a_server(
    monkeypatch: pytest.MonkeyPatch, setting: str | None, fallback: str | None, followed: str | None
) -> None:
    monkeypatch.delenv(FALLBACK, raising=False)
    if fallback is not None:
        monkeypatch.setenv(FALLBACK, fallback)
    assert registry_address(RegistrySettings(tracking_uri=setting)) == followed


def test_a_setting_that_is_no_server_is_told_with_what_to_do() -> None:
    with pytest.raises(UserError, match="tickets registry"):
        registry_address(RegistrySettings(tracking_uri="sqlite:///mlflow.db"))


@pytest.mark.parametrize("as_setting", [True, False])
def test_a_password_in_the_address_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, as_setting: bool
) -> None:
    address = "https://desk:hunter2@mlflow.example"
    monkeypatch.setenv(FALLBACK, address)
    with pytest.raises(UserError, match="MLFLOW_TRACKING_PASSWORD") as refused:
        registry_address(RegistrySettings(tracking_uri=address if as_setting else None))
    assert "hunter2" not in refused.value.message


def test_an_address_that_cannot_be_read_is_one_line() -> None:
    with pytest.raises(UserError, match="is no address"):
        registry_address(RegistrySettings(tracking_uri="http://[::1"))
