"""Renders a report as one HTML file that needs no network and no other file; writes none."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from stream_app.bundle import Manifest
from stream_app.bundle.manifest import MODEL_FILE
from training.report.drawings import drawings
from training.report.findings import weakest_intents, worst_pairs
from training.report.headlines import headlines, review_sentence
from training.report.palette import DARK, LIGHT, css_variables
from training.report.rendering import inline_svg
from training.report.subject import Subject

PAIRS = 10
WEAKEST = 10
"""Rows of the two tables; what follows them is seldom worth a look."""

QUOTE_LETTERS = 160
"""Where a quoted ticket is cut."""

_SHOWN_ELSEWHERE = {"accuracy_fp32", "accuracy_int8", "agreement", "ece"}


def render(subject: Subject) -> str:
    """The whole page."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = (files("training.report") / "page.html.j2").read_text(encoding="utf-8")
    return environment.from_string(template).render(**_content(subject))


def _content(subject: Subject) -> dict[str, Any]:
    manifest, evidence = subject.bundle.manifest, subject.evidence
    metrics = manifest.provenance.metrics
    return {
        "title": f"{manifest.name} {manifest.version}",
        "created_at": f"{manifest.created_at:%Y-%m-%d %H:%M} UTC",
        "data": manifest.provenance.data,
        "base_model": manifest.provenance.base_model,
        "measured_on": subject.measured_on,
        "measured_rows": f"{len(evidence.targets):,}",
        "mistakes": f"{int((~evidence.correct).sum()):,}",
        "light": css_variables(LIGHT),
        "dark": css_variables(DARK),
        "headlines": headlines(subject),
        # The drawing's text is escaped by matplotlib, which writes it as XML.
        "figures": {
            name: Markup(inline_svg(drawing, name))  # noqa: S704
            for name, drawing in drawings(subject).items()
        },
        "pairs": _pairs(subject),
        "weakest": _weakest(subject),
        "review": review_sentence(subject),
        "fp32": {
            "accuracy": f"{metrics['accuracy_fp32']:.2%}",
            "speed": f"{evidence.fp32_rows_per_second:,.0f}",
        },
        "int8": {
            "accuracy": f"{metrics['accuracy_int8']:.2%}",
            "speed": f"{evidence.int8_rows_per_second:,.0f}",
        },
        "agreement": f"{metrics['agreement']:.2%}",
        "size": f"{manifest.files[MODEL_FILE].bytes / 1e6:.1f} MB",
        "command": subject.command,
        "provenance": _provenance(subject, manifest),
        "recipe": {
            name.replace("_", " "): value for name, value in manifest.provenance.recipe.items()
        },
        "others": {
            name.replace("_", " "): f"{value:.4f}"
            for name, value in sorted(metrics.items())
            if name not in _SHOWN_ELSEWHERE
        },
    }


def _pairs(subject: Subject) -> list[dict[str, Any]]:
    evidence, labels = subject.evidence, subject.bundle.labels
    return [
        {
            "target": labels[pair.target].intent,
            "answer": labels[pair.answer].intent,
            "count": len(pair.rows),
            "share": f"{len(pair.rows) / pair.of:.0%}",
            "example": _cut(evidence.texts[pair.rows[0]]),
            "confidence": f"{evidence.confidence[pair.rows[0]]:.0%}",
        }
        for pair in worst_pairs(evidence, PAIRS)
    ]


def _weakest(subject: Subject) -> list[dict[str, Any]]:
    labels = subject.bundle.labels
    return [
        {
            "name": labels[score.label].intent,
            "category": labels[score.label].category,
            "priority": labels[score.label].priority.value,
            "rows": score.rows,
            "recall": f"{score.recall:.0%}",
            "precision": "never" if score.precision is None else f"{score.precision:.0%}",
        }
        for score in weakest_intents(subject.evidence, WEAKEST)
    ]


def _provenance(subject: Subject, manifest: Manifest) -> dict[str, str]:
    provenance = manifest.provenance
    return {
        "bundle digest": f"sha256:{subject.bundle.digest}",
        "data": provenance.data,
        "data digest": f"sha256:{provenance.data_sha256}",
        "rows fitted": f"{provenance.training_rows:,}",
        "base model": provenance.base_model,
        "seed": f"{provenance.seed}",
        "code": f"{subject.code}",
        **dict(sorted(provenance.libraries.items())),
    }


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= QUOTE_LETTERS else line[: QUOTE_LETTERS - 1] + "…"
