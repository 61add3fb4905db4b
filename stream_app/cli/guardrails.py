"""`tickets guardrails`: what the guardrails find, and how well, without a broker."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from stream_app.cli.explain import explain
from stream_app.cli.output import JsonFlag, out, print_json

if TYPE_CHECKING:
    from stream_app.guardrails.evaluation import Count, Evaluation

app = typer.Typer(no_args_is_help=True)
app.command()(explain)

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Settings file (TOML).", metavar="FILE")
]


@app.callback()
def _guardrails() -> None:
    """Look into the guardrails."""


@app.command("eval")
def evaluate(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="CSV with a text, a label (toxic or not) and perhaps a functionality column.",
        ),
    ],
    bundle: Annotated[
        Path | None,
        typer.Option(
            "--bundle",
            help="Ask this model bundle's abuse head too, as a worker that serves it does.",
            metavar="DIR",
        ),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Measure the toxicity guardrail on labelled texts, by functionality.

    Twice: by any flag, as tickets are routed, and by attacks on groups of people alone, which is
    what HateCheck and HatemojiCheck label. The last row is the mean over functionalities. Models
    are asked where the option or the settings name them, rules always.
    """
    from stream_app.guardrails import evaluation as measured
    from stream_app.guardrails import load_rules
    from stream_app.guardrails.learned import toxicity_findings
    from stream_app.local_triage import open_model, open_toxicity_model
    from stream_app.settings import load_settings

    settings = load_settings(config, **({"inference": {"bundle": bundle}} if bundle else {}))
    rules = load_rules(settings.triage.rules, settings.triage.extra_rules)
    rows = measured.read_labelled_texts(data)
    with ExitStack() as stack:
        served = open_model(settings.inference) if settings.inference.bundle else None
        if served:
            stack.callback(served.close)
        toxicity = stack.enter_context(open_toxicity_model(settings))
        findings = toxicity_findings([row.text for row in rows], rules, served, toxicity)
    evaluations = {
        target.value: measured.evaluate(rows, findings, target) for target in measured.Target
    }
    if as_json:
        record = {name: _as_record(evaluation) for name, evaluation in evaluations.items()}
        print_json({"rules_version": rules.version, "rows": len(rows), **record})
    else:
        out.print(_table(evaluations["any"], evaluations["identity"]))


def _as_record(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "macro_accuracy": evaluation.macro_accuracy,
        "functionalities": [
            {
                "functionality": score.functionality,
                "accuracy": score.accuracy,
                "toxic_rows": score.toxic.rows,
                "toxic_right": score.toxic.right,
                "harmless_rows": score.harmless.rows,
                "harmless_right": score.harmless.right,
            }
            for score in evaluation.scores
        ],
    }


def _table(by_any: Evaluation, by_identity: Evaluation) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_footer=True)
    table.add_column("functionality", footer="mean", no_wrap=True)
    table.add_column("rows", justify="right")
    for name, evaluation in (("any flag", by_any), ("groups", by_identity)):
        macro = f"{evaluation.macro_accuracy:.1%}"
        table.add_column(name, footer=macro, justify="right", style="bold")
        table.add_column("toxic", justify="right")
        table.add_column("harmless", justify="right")
    for routed, attacked in zip(by_any.scores, by_identity.scores, strict=True):
        table.add_row(
            routed.functionality,
            str(routed.toxic.rows + routed.harmless.rows),
            *(
                cell
                for score in (routed, attacked)
                for cell in (f"{score.accuracy:.1%}", _share(score.toxic), _share(score.harmless))
            ),
        )
    return table


def _share(count: Count) -> str:
    return "" if count.accuracy is None else f"{count.accuracy:.1%}"
