"""`tickets sweep` tells a mistake before it opens a study."""

from __future__ import annotations

import pytest

from stream_app.errors import UserError
from training.sweep_command import app


def test_a_preset_that_fits_nothing_leaves_nothing_to_search() -> None:
    with pytest.raises(UserError, match="nothing to search"):
        app(["--quick"], standalone_mode=False)
