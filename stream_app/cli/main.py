"""Assembles the `tickets` command and turns errors into one line and an exit code."""

from __future__ import annotations

import errno
import os
import signal
import sys
from importlib.metadata import version as installed_version
from typing import Annotated, NoReturn, TextIO

import typer
from rich.markup import escape

from stream_app.cli.logs import set_up_logging
from stream_app.cli.output import err, out
from stream_app.errors import Unavailable, UserError

READER_GONE = 141
"""What a shell says of a program that SIGPIPE ended."""

app = typer.Typer(
    name="tickets",
    help="Decide support tickets on Kafka: urgent, toxic, unsure, or standard.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        out.print(installed_version("ticket-stream"))
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print and exit."),
    ] = False,
) -> None:
    pass


def _register() -> None:
    """Attach the subcommands; their modules are light, the heavy imports wait inside them."""
    from stream_app.cli import (
        broker,
        classify,
        demo,
        dlq,
        experiments,
        guardrails,
        model,
        produce,
        registry,
        replay,
        sweep,
        tail,
        taxonomy,
        train,
        worker,
    )

    app.command()(demo.demo)
    app.command()(broker.broker)
    app.command()(registry.registry)
    app.command()(worker.worker)
    app.command()(produce.produce)
    app.command()(tail.tail)
    app.command()(classify.classify)
    app.command()(replay.replay)
    app.add_typer(dlq.app, name="dlq")
    app.add_typer(guardrails.app, name="guardrails")
    handed_over = {"allow_extra_args": True, "ignore_unknown_options": True}
    app.command(context_settings=handed_over, add_help_option=False)(train.train)
    app.command(context_settings=handed_over, add_help_option=False)(sweep.sweep)
    app.command(context_settings=handed_over, add_help_option=False)(experiments.experiments)
    app.command(context_settings=handed_over, add_help_option=False)(model.model)
    app.command(context_settings=handed_over, add_help_option=False)(taxonomy.taxonomy)


def run() -> None:
    """The console script.

    Exit codes: see `stream_app.errors.UserError`; 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP,
    141 where the reader of a pipe went away, as `head` does.
    """
    # As an exit and not the end on the spot, so that what is temporary is cleared away; commands
    # that end in an order of their own replace it.
    for each in (signal.SIGTERM, signal.SIGHUP):
        # `nohup` has it ignored, and that is to stay.
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, lambda number, _: sys.exit(128 + number))
    set_up_logging("info")
    _register()
    try:
        sys.exit(app(prog_name="tickets", standalone_mode=False))
    except SystemExit as ended:
        # What runs the command makes an exit of it that says nothing of a pipe.
        if isinstance(ended.__context__, BrokenPipeError):
            _drop_output(sys.stdout)
            sys.exit(READER_GONE)
        raise
    except typer.TyperException as error:
        message = error.format_message()
        if not message:
            # A group without a subcommand: its help, printed already, says what to do.
            sys.exit(error.exit_code)
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "tickets"
        _fail(f"{message} (`{command} --help` lists what there is)", error.exit_code)
    except UserError as error:
        _fail(error.message, error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        err.print("interrupted")
        sys.exit(130)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        _drop_output(sys.stdout)
        full = Unavailable(f"nothing more can be written: {error.strerror}")
        _fail(full.message, full.exit_code)


def _drop_output(stream: TextIO) -> None:
    """Nobody takes it any more, and Python must not complain of that at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _fail(message: str, exit_code: int) -> NoReturn:
    err.print(f"[bold red]error:[/] {escape(message)}", soft_wrap=True)
    sys.exit(exit_code)
