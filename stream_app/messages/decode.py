"""From a record's bytes to a raw ticket, or to the one reason why it is none; never raises."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schemas import MAX_TEXT_CHARACTERS, ErrorCode, RawTicket


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a value is no raw ticket. `message` never holds the customer's text."""

    code: ErrorCode
    message: str


def decode(value: bytes | None) -> RawTicket | Refusal:
    """Parse and check one value of the raw topic."""
    if value is None:
        return Refusal(ErrorCode.TOMBSTONE, "the record has no value")
    try:
        return RawTicket.model_validate_json(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        return _refusal(value, first)


def _refusal(value: bytes, error: ErrorDetails) -> Refusal:
    kind = error["type"]
    if kind == "json_invalid":
        return _unparsable(value, error)
    location = error["loc"]
    # Only names of the contract may be repeated: a key of `attributes` is the customer's own.
    field = str(location[0]) if location else ""
    if not field:
        return Refusal(ErrorCode.NOT_AN_OBJECT, "the JSON value is not an object")
    if "NUL" in error["msg"]:
        return Refusal(ErrorCode.NUL_CHARACTER, f"`{field}` holds a NUL character")
    if field == "text":
        if kind == "missing":
            return Refusal(ErrorCode.TEXT_MISSING, "there is no `text`")
        if kind == "string_too_short" or "white space" in error["msg"]:
            return Refusal(ErrorCode.TEXT_EMPTY, "`text` is empty")
        if kind == "string_too_long":
            return Refusal(
                ErrorCode.TEXT_TOO_LONG, f"`text` is longer than {MAX_TEXT_CHARACTERS} characters"
            )
    return Refusal(ErrorCode.INVALID_FIELD, f"`{field}`: {kind}")


def _unparsable(value: bytes, error: ErrorDetails) -> Refusal:
    try:
        value.decode()
    except UnicodeDecodeError as fault:
        return Refusal(ErrorCode.INVALID_UTF8, f"invalid UTF-8 at byte {fault.start}")
    if b"\x00" in value:
        return Refusal(ErrorCode.NUL_CHARACTER, "the JSON holds a raw NUL byte")
    # The parser names the fault and its place, never the content around it.
    if "hex escape" in error["msg"] or "surrogate" in error["msg"]:
        return Refusal(ErrorCode.NOT_JSON, f"{error['msg']} (half of an escaped surrogate pair?)")
    return Refusal(ErrorCode.NOT_JSON, error["msg"])
