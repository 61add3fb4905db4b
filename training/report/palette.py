"""The colours of the figures, once as they are and once as names that a page fills in."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Palette:
    """Hexadecimal colours. `series` tells up to eight lines apart; `paper` is None for none."""

    ink: str
    muted: str
    grid: str
    accent: str
    warn: str
    series: tuple[str, ...]
    paper: str | None


LIGHT = Palette(
    ink="#1b2430",
    muted="#5d6b7a",
    grid="#d9dfe6",
    accent="#1f6fb2",
    warn="#c4501b",
    series=(
        "#1f6fb2",
        "#c4501b",
        "#2b8a57",
        "#8a4fb0",
        "#a67c00",
        "#0f8b94",
        "#b0356d",
        "#5d6b7a",
    ),
    paper="#ffffff",
)
"""For figures that stand alone: each at least 3 to 1 against white, and told apart by people with
the common forms of colour blindness at the lightness they differ in."""

DARK = Palette(
    ink="#e6ebf1",
    muted="#9aa8b7",
    grid="#34404d",
    accent="#6cb2ee",
    warn="#f28c5a",
    series=(
        "#6cb2ee",
        "#f28c5a",
        "#6fcf97",
        "#c79be6",
        "#e0bd4f",
        "#5fced6",
        "#ee8ab4",
        "#9aa8b7",
    ),
    paper="#151b22",
)
"""The same roles on a dark page."""

NAMED = Palette(
    ink="#010001",
    muted="#010002",
    grid="#010003",
    accent="#010004",
    warn="#010005",
    series=tuple(f"#0100{number:02x}" for number in range(16, 24)),
    paper=None,
)
"""Stand-ins: no figure has such a colour by itself, so each can be replaced by a CSS variable."""


def css_variables(palette: Palette) -> dict[str, str]:
    """The colours of `palette` by the names that `named_colours` gives them."""
    colours = {
        f"--{field.name}": getattr(palette, field.name)
        for field in fields(palette)
        if field.name != "series"
    }
    return colours | {f"--series-{at}": colour for at, colour in enumerate(palette.series)}


def named_colours() -> dict[str, str]:
    """Each stand-in colour of `NAMED`, with the CSS variable that it stands for."""
    return {
        colour: f"var({variable})"
        for variable, colour in css_variables(NAMED).items()
        if colour is not None
    }
