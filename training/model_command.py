"""The subcommands of `tickets model`: options and what is printed; the work is done elsewhere.

A command that moved the champion returns the settings by which the workers can be told.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from stream_app.cli.output import JsonFlag, err, out, print_json
from stream_app.errors import CheckFailed, UserError
from stream_app.registry.layout import CHALLENGER, CHAMPION, GateVerdict
from stream_app.settings import Settings, load_settings
from training.named_data import load_judging_rows

if TYPE_CHECKING:
    from training.gate import GateReport
    from training.registration import RegisteredModel, Version

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Settings file (TOML).", metavar="FILE")
]
DataOption = Annotated[
    str | None,
    typer.Option(
        "--data",
        help="Rows to judge by: the test part of banking77, starter, toxicity, a CSV or JSONL "
        "file, or a folder of them; all rows of a folder with test.csv alone.",
        metavar="DATA",
    ),
]
OutsideOption = Annotated[
    Path | None,
    typer.Option("--oos", help="Texts that fit no intent (CSV or JSONL).", metavar="FILE"),
]
LimitsOption = Annotated[
    Path | None,
    typer.Option("--limits", help="The gate's limits (YAML); else ours.", metavar="FILE"),
]
VersionArgument = Annotated[str, typer.Argument(help="Version number or alias.", metavar="VERSION")]


class Alias(StrEnum):
    """What a version can be promoted to."""

    CHAMPION = CHAMPION
    CHALLENGER = CHALLENGER


@app.command("list")
def list_versions(config: ConfigOption = None, as_json: JsonFlag = False) -> None:
    """Show the versions of the model, newest first."""
    model = _model(load_settings(config))
    versions = model.versions()
    if as_json:
        print_json({"model": model.name, "versions": [_record(each) for each in versions]})
        return
    table = Table(title=model.name, title_justify="left")
    for heading in ("version", "alias", "gate", "bundle", "registered", "digest"):
        table.add_column(heading, overflow="fold")
    for each in versions:
        table.add_row(
            str(each.number),
            ", ".join(each.aliases),
            each.gate,
            each.bundle,
            f"{each.created_at:%Y-%m-%d %H:%M} UTC",
            each.digest.removeprefix("sha256:")[:12],
        )
    out.print(table)


@app.command()
def show(version: VersionArgument, config: ConfigOption = None, as_json: JsonFlag = False) -> None:
    """Show one version and the metrics that it was registered with."""
    model = _model(load_settings(config))
    found = model.version(version)
    metrics = model.metrics(found)
    if as_json:
        print_json({"model": model.name, **_record(found), "metrics": metrics})
        return
    table = Table(title=f"{model.name} {found.number}", show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in _record(found).items():
        text = ", ".join(value) if isinstance(value, list) else str(value or "")
        table.add_row(name.replace("_", " "), escape(text))
    for name, figure in sorted(metrics.items()):
        table.add_row(name.replace("_", " "), f"{figure:.4g}")
    out.print(table)


@app.command()
def register(
    bundle: Annotated[
        Path, typer.Argument(help="Folder of the bundle.", file_okay=False, metavar="BUNDLE")
    ],
    config: ConfigOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Register a bundle as a new version; it serves only once it is promoted."""
    from training.registration import register_bundle

    settings = load_settings(config)
    name = settings.registry.model
    number = register_bundle(bundle, tracking_uri=_tracking_uri(settings), model=name)
    if as_json:
        print_json({"model": name, "version": number})
    else:
        out.print(f"{name} version {number}")


@app.command()
def compare(
    version: VersionArgument,
    data: DataOption,
    against: Annotated[str, typer.Option(help="Version number or alias.")] = CHAMPION,
    outside: OutsideOption = None,
    limits: LimitsOption = None,
    config: ConfigOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Judge a version against another as the gate would; moves nothing. Exits 4 if it fails."""
    model = _model(load_settings(config))
    candidate, champion = model.version(version), model.version(against)
    report = _judged(model, candidate, champion, data, outside=outside, limits=limits)
    _show(report, as_json=as_json)
    if not report.passed:
        raise CheckFailed(f"version {candidate.number} does not pass: {_failures(report)}")


@app.command()
def promote(
    version: VersionArgument,
    data: DataOption = None,
    to: Annotated[Alias, typer.Option(help="What the version becomes.")] = Alias.CHAMPION,
    outside: OutsideOption = None,
    limits: LimitsOption = None,
    force: Annotated[
        str | None,
        typer.Option(help="Promote whatever the gate says; the reason is kept.", metavar="REASON"),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonFlag = False,
) -> Settings | None:
    """Make a version the champion if it passes the gate. Exits 4, with nothing moved, if not.

    `--to challenger` needs no gate: a challenger is scored in shadow and decides nothing.
    """
    settings = load_settings(config)
    model = _model(settings)
    candidate = model.version(version)
    if to is Alias.CHALLENGER:
        model.make_challenger(candidate)
        _tell_promoted(model, candidate, to, None, as_json=as_json)
        return settings
    champion = model.champion()
    if champion is not None and champion.number == candidate.number:
        raise UserError(f"version {candidate.number} is the champion already")
    if force is not None and not force.strip():
        raise UserError("--force needs a reason, which is kept with the version")
    report = None
    if force is None or data is not None:
        report = _judged(model, candidate, champion, data, outside=outside, limits=limits)
        _record_judgement(model, candidate, report)
        if force is None and not report.passed:
            _show(report, as_json=as_json)
            raise CheckFailed(f"version {candidate.number} was not promoted: {_failures(report)}")
    model.make_champion(candidate, over=None if champion is None else champion.number)
    if force is not None:
        _mark_forced(model, candidate, force.strip())
    _tell_promoted(model, candidate, to, report, as_json=as_json)
    _warn_if_replaced(model, candidate)
    return settings


@app.command()
def rollback(config: ConfigOption = None, as_json: JsonFlag = False) -> Settings:
    """Make the previous champion the champion again, at once and without the gate."""
    settings = load_settings(config)
    model = _model(settings)
    before, after = model.roll_back()
    if as_json:
        print_json({"model": model.name, "from": before, "to": after})
    else:
        out.print(f"{model.name}: version {after} is the champion again, {before} no longer is")
    return settings


def _model(settings: Settings) -> RegisteredModel:
    # MLflow takes seconds to import; a mistake in the options is told before that.
    from training.registration import RegisteredModel

    return RegisteredModel(_tracking_uri(settings), settings.registry.model)


def _tracking_uri(settings: Settings) -> str:
    from stream_app.registry.address import registry_address

    address = registry_address(settings.registry)
    if address is None:
        raise UserError(
            "no registry given: set MLFLOW_TRACKING_URI=http://host:port, "
            "or start one here with `tickets registry`"
        )
    return address


def _judged(
    model: RegisteredModel,
    candidate: Version,
    champion: Version | None,
    data: str | None,
    *,
    outside: Path | None,
    limits: Path | None,
) -> GateReport:
    if data is None:
        raise UserError("the gate needs labelled tickets: pass --data banking77, FILE or FOLDER")
    from stream_app.labelled_data.files import read_examples
    from training.gate import judge, load_limits, measure

    allowed = load_limits(limits)
    examples = load_judging_rows(data)
    texts = [example.text for example in read_examples(outside)] if outside else None
    with _downloads() as folder:
        _tell(f"downloading version {candidate.number}")
        bundle = model.bundle(candidate, folder)
        serving = None
        if champion is not None:
            _tell(f"downloading version {champion.number}")
            serving = model.bundle(champion, folder)
        measured = measure(
            bundle, serving, examples, data=Path(data).name, outside=texts, on_progress=_tell
        )
    return judge(*measured, allowed)


def _record_judgement(model: RegisteredModel, candidate: Version, report: GateReport) -> None:
    from training.gate import load_limits
    from training.gate.report import as_record

    verdict: GateVerdict
    if report.limits_sha256 == load_limits().sha256:
        verdict = "passed" if report.passed else "failed"
    else:
        verdict = "passed:own-limits" if report.passed else "failed:own-limits"
    model.record_judgement(candidate, verdict, as_record(report))


def _mark_forced(model: RegisteredModel, version: Version, reason: str) -> None:
    """After the move, so that no version is marked that was not promoted."""
    try:
        model.record_force(version, reason)
    except UserError as error:
        _tell(
            f"warning: version {version.number} is the champion, without the mark that it was "
            f"forced: {error.message}"
        )


def _warn_if_replaced(model: RegisteredModel, version: Version) -> None:
    """The registry has no move that fails where another one came first, so two promotions at once
    both succeed: the last one stays."""
    try:
        now = model.champion()
    except UserError:
        # It did move; the workers are still to be told.
        return
    if now is not None and now.number != version.number:
        _tell(f"warning: another move came at the same time: version {now.number} is the champion")


@contextmanager
def _downloads() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tickets-gate-") as folder:
        yield Path(folder)


def _show(report: GateReport, *, as_json: bool) -> None:
    from training.gate.report import as_record, table

    if as_json:
        print_json(as_record(report))
    else:
        out.print(table(report))


def _tell_promoted(
    model: RegisteredModel,
    version: Version,
    to: Alias,
    report: GateReport | None,
    *,
    as_json: bool,
) -> None:
    from training.gate.report import as_record

    if as_json:
        judged = None if report is None else as_record(report)
        moved = {"model": model.name, "version": version.number, "alias": to.value}
        print_json({**moved, "gate": judged})
        return
    if report is not None:
        _show(report, as_json=False)
    out.print(f"{model.name}: version {version.number} is the {to.value} now")


def _failures(report: GateReport) -> str:
    return "; ".join(f"{verdict.criterion}: {verdict.reason}" for verdict in report.failed)


def _record(version: Version) -> dict[str, object]:
    record = asdict(version)
    return {
        **record,
        "aliases": list(version.aliases),
        "created_at": version.created_at.isoformat(),
    }


def _tell(line: str) -> None:
    err.print(line, markup=False, soft_wrap=True)
