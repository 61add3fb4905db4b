"""`tickets sweep` tells a mistake before it opens a study."""

from __future__ import annotations

import pytest

from stream_app.errors import UserError
from training.sweep_command import app


@pytest.mark.parametrize("options", [[], ["--epochs", "3"]])
def test_a_preset_that_fits_nothing_leaves_nothing_to_search(options: list[str]) -> None:
    """With more epochs too: its learning rate is nothing."""
    with pytest.raises(UserError, match="nothing to search"):
        app(["--quick", *options], standalone_mode=False)
