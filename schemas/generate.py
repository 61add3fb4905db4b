"""`python -m schemas.generate`: writes the contract files and checks them; makes no contract.

`schemas/generated` follows the models. `schemas/released/v<N>` is what others already build on:
`--check` compares against it, and only `--release` changes it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from schemas.asyncapi import asyncapi_document
from schemas.compatibility import incompatibilities
from schemas.contracts import CONTRACT_VERSION, Contract, Direction, contracts

GENERATED = Path(__file__).parent / "generated"
RELEASED = Path(__file__).parent / "released" / f"v{CONTRACT_VERSION}"


def generated_files() -> dict[str, str]:
    """Content of every generated file by its name."""
    files = {contract.file_name: _json(contract.schema) for contract in contracts()}
    return files | {"asyncapi.json": _json(asyncapi_document())}


def stale_files(folder: Path) -> list[str]:
    """Names of the files in `folder` that are missing, differ, or belong to no contract."""
    wanted = generated_files()
    present = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(
        name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name)
    )


def broken_promises(folder: Path) -> Iterator[str]:
    """One line for each way in which the contracts break those released in `folder`."""
    current = {contract.file_name: contract for contract in contracts()}
    for path in sorted(folder.glob("*.schema.json")):
        contract = current.get(path.name)
        if contract is None:
            yield f"{path.name}: the contract is gone"
            continue
        for problem in _problems(contract, json.loads(path.read_text(encoding="utf-8"))):
            yield f"{path.name}: {problem}"


def _problems(contract: Contract, released: dict[str, Any]) -> list[str]:
    if contract.direction is Direction.INCOMING:
        found = incompatibilities(writer=released, reader=contract.schema)
    else:
        found = incompatibilities(writer=contract.schema, reader=released)
    return [str(problem) for problem in found]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code, 1 where a check did not hold."""
    parser = argparse.ArgumentParser(prog="python -m schemas.generate")
    action = parser.add_mutually_exclusive_group()
    action.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 where files are stale or break"
    )
    action.add_argument(
        "--release", action="store_true", help="also make the schemas those that others build on"
    )
    options = parser.parse_args(arguments)
    broken = list(broken_promises(RELEASED))
    stale = [] if not options.check else stale_files(GENERATED)
    for line in broken:
        sys.stderr.write(
            f"{line}: breaks v{CONTRACT_VERSION}; undo it or raise schemas.contracts."
            "CONTRACT_VERSION\n"
        )
    for name in stale:
        sys.stderr.write(f"{name}: stale; run python -m schemas.generate\n")
    if options.check:
        return 1 if broken or stale else 0
    _write(GENERATED, generated_files())
    if options.release and not broken:
        _write(RELEASED, {contract.file_name: _json(contract.schema) for contract in contracts()})
    return 1 if broken else 0


def _write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.json"):
        if path.name not in files:
            path.unlink()
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
