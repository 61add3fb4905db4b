"""Turns a drawing into SVG for a page or PNG for a file; knows nothing of what it shows."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from matplotlib.figure import Figure

from training.report.figures import style
from training.report.palette import LIGHT, NAMED, Palette, named_colours

Drawing = Callable[[Palette], Figure]
"""Draws one figure in the colours it is given."""

DOTS_PER_INCH = 144


def png(drawing: Drawing) -> bytes:
    """The figure on white, for places that show images only."""
    return _saved(drawing, LIGHT, "png")


def inline_svg(drawing: Drawing, name: str) -> str:
    """The figure as an `<svg>` element whose colours are CSS variables and whose text is text.

    Nothing in it refers to anything outside the element, and its ids begin with `name`, so that
    several can stand in one page.
    """
    document = _saved(drawing, NAMED, "svg").decode()
    element = document[document.index("<svg") :]
    # An HTML parser knows SVG without namespaces, and has no use for a description of the file.
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    element = re.sub(r'\s+xmlns(:\w+)?="[^"]*"', "", element)
    element = re.sub(r'\bid="', f'id="{name}-', element)
    element = re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", element)
    # The page's own font, at the size that the figure was laid out for.
    element = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", element)
    for colour, variable in named_colours().items():
        element = element.replace(colour, variable)
    return element


def _saved(drawing: Drawing, palette: Palette, form: str) -> bytes:
    content = io.BytesIO()
    with style(palette):
        drawing(palette).savefig(content, format=form, dpi=DOTS_PER_INCH)
    return content.getvalue()
