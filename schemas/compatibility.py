"""Decides whether everything that one JSON Schema lets a writer send, another lets a reader take.

Pure, and on the safe side: what it cannot prove it reports. It knows the keywords that the
contracts use and reports any other. One assumption makes evolution possible at all: a writer
sends no property that its own schema does not declare.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]

_ANNOTATIONS = {
    "$comment", "$defs", "$id", "$schema", "default", "deprecated", "description", "examples",
    "readOnly", "title", "writeOnly",
}  # fmt: skip
_CONSTRAINTS = {
    "$ref", "additionalProperties", "anyOf", "const", "enum", "exclusiveMaximum",
    "exclusiveMinimum", "format", "items", "maxItems", "maxLength", "maxProperties", "maximum",
    "minItems", "minLength", "minProperties", "minimum", "pattern", "properties", "required",
    "type",
}  # fmt: skip

_LOWER, _UPPER = 1, -1
_LIMITS = {
    "string": {"minLength": _LOWER, "maxLength": _UPPER},
    "number": {
        "minimum": _LOWER,
        "exclusiveMinimum": _LOWER,
        "maximum": _UPPER,
        "exclusiveMaximum": _UPPER,
    },
    "array": {"minItems": _LOWER, "maxItems": _UPPER},
    "object": {"minProperties": _LOWER, "maxProperties": _UPPER},
}
"""Per type, the keywords that limit it and on which side."""

_ALL_TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})


@dataclass(frozen=True, slots=True)
class Incompatibility:
    """Something that a writer may send and a reader refuses. `path` is empty for the root."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path or 'message'}: {self.reason}"


def incompatibilities(*, writer: Schema, reader: Schema) -> list[Incompatibility]:
    """Why a message valid under `writer` may be invalid under `reader`; empty where none is.

    A change to a contract that others write needs `writer` old and `reader` new; to one that
    this product writes, `writer` new and `reader` old.
    """
    return list(_Comparison(writer, reader).compare(writer, reader, ""))


class _Comparison:
    """Two documents side by side; holds their roots, which `$ref` needs."""

    def __init__(self, writer: Schema, reader: Schema) -> None:
        self._writer_root = writer
        self._reader_root = reader
        self._under_way: set[tuple[int, int]] = set()

    def compare(self, writer: Schema, reader: Schema, path: str) -> Iterator[Incompatibility]:
        writer = _resolved(writer, self._writer_root)
        reader = _resolved(reader, self._reader_root)
        pair = (id(writer), id(reader))
        if pair in self._under_way:
            # A recursive definition: the outer comparison of the same pair decides.
            return
        unknown = (writer.keys() | reader.keys()) - _ANNOTATIONS - _CONSTRAINTS
        if unknown:
            yield Incompatibility(path, f"cannot judge the keyword {min(unknown)}")
            return
        self._under_way.add(pair)
        yield from self._compare_resolved(writer, reader, path)
        self._under_way.discard(pair)

    def _compare_resolved(
        self, writer: Schema, reader: Schema, path: str
    ) -> Iterator[Incompatibility]:
        if "anyOf" in writer:
            siblings = {name: value for name, value in writer.items() if name in _CONSTRAINTS}
            del siblings["anyOf"]
            for alternative in writer["anyOf"]:
                merged = _merged(_resolved(alternative, self._writer_root), siblings)
                if merged is None:
                    yield Incompatibility(path, "cannot judge anyOf beside the same keyword")
                else:
                    yield from self.compare(merged, reader, path)
            return
        if "anyOf" in reader:
            yield from self._any_of(writer, reader["anyOf"], path)
            reader = {name: value for name, value in reader.items() if name != "anyOf"}
        values = _listed_values(writer)
        if values is not None:
            yield from self._values(values, reader, path)
            return
        if _listed_values(reader) is not None:
            yield Incompatibility(path, "any value may be sent, only listed ones are taken")
            return
        yield from self._open_values(writer, reader, path)

    def _any_of(
        self, writer: Schema, alternatives: list[Schema], path: str
    ) -> Iterator[Incompatibility]:
        values = _listed_values(writer)
        if values is not None and len(values) > 1:
            for value in values:
                yield from self._any_of({"const": value}, alternatives, path)
            return
        types = _types(writer)
        if len(types) > 1 and values is None:
            for kind in sorted(types):
                yield from self._any_of({**writer, "type": kind}, alternatives, path)
            return
        found = [list(self.compare(writer, alternative, path)) for alternative in alternatives]
        if all(found):
            # The alternative that comes nearest explains best.
            of_same_type = [
                problems
                for alternative, problems in zip(alternatives, found, strict=True)
                if types <= _types(_resolved(alternative, self._reader_root))
            ]
            yield from min(of_same_type or found, key=len)

    def _values(self, values: list[Any], reader: Schema, path: str) -> Iterator[Incompatibility]:
        refused = [value for value in values if not self._takes(reader, value)]
        if refused:
            yield Incompatibility(
                path, f"may be {', '.join(map(repr, refused))}, which is not taken"
            )

    def _takes(self, reader: Schema, value: object) -> bool:
        """Whether `reader` is proven to take one scalar; a listed object or array never is."""
        if isinstance(value, dict | list):
            return False
        listed = _listed_values(reader)
        if listed is not None and not any(_same(value, other) for other in listed):
            return False
        kind = _type_of(value)
        if not {kind} <= _widened(_types(reader)):
            return False
        if isinstance(value, str):
            pattern = reader.get("pattern")
            return (
                reader.get("minLength", 0) <= len(value) <= reader.get("maxLength", len(value))
                and (pattern is None or re.search(pattern, value) is not None)
                and "format" not in reader
            )
        if kind in ("integer", "number"):
            only_value = {"minimum": value, "maximum": value}
            return not list(_limits(only_value, reader, "number", ""))
        return True

    def _open_values(self, writer: Schema, reader: Schema, path: str) -> Iterator[Incompatibility]:
        types = _types(writer)
        refused = types - _widened(_types(reader))
        if refused:
            yield Incompatibility(
                path,
                f"may be {' or '.join(sorted(refused))}, "
                f"only {' or '.join(sorted(_types(reader)))} is taken",
            )
            return
        if "string" in types:
            yield from _limits(writer, reader, "string", path)
            for keyword in ("pattern", "format"):
                wanted = reader.get(keyword)
                if wanted is not None and writer.get(keyword) != wanted:
                    yield Incompatibility(path, f"{keyword} {wanted!r} is demanded, not promised")
        if types & {"integer", "number"}:
            yield from _limits(writer, reader, "number", path)
        if "array" in types:
            yield from _limits(writer, reader, "array", path)
            if "items" in reader:
                yield from self.compare(writer.get("items", {}), reader["items"], f"{path}[]")
        if "object" in types:
            yield from _limits(writer, reader, "object", path)
            yield from self._objects(writer, reader, path)

    def _objects(self, writer: Schema, reader: Schema, path: str) -> Iterator[Incompatibility]:
        sent: Schema = writer.get("properties", {})
        taken: Schema = reader.get("properties", {})
        always_sent = set(writer.get("required", ()))
        for name in reader.get("required", ()):
            if name not in always_sent:
                yield Incompatibility(_member(path, name), "is demanded, may be absent")
        others_taken: Schema | bool = reader.get("additionalProperties", True)
        for name, schema in sent.items():
            wanted: Schema | bool = taken.get(name, others_taken)
            if wanted is False:
                yield Incompatibility(_member(path, name), "may be sent, is not taken")
            elif isinstance(wanted, dict):
                yield from self.compare(schema, wanted, _member(path, name))
        others_sent = writer.get("additionalProperties")
        if not isinstance(others_sent, dict):
            return
        for name, schema in taken.items():
            if name not in sent:
                yield from self.compare(others_sent, schema, _member(path, name))
        if others_taken is False:
            yield Incompatibility(_member(path, "*"), "may be sent, is not taken")
        elif isinstance(others_taken, dict):
            yield from self.compare(others_sent, others_taken, _member(path, "*"))


def _resolved(schema: Schema, root: Schema) -> Schema:
    """`schema`, or what its `$ref` points at. Raises `KeyError` for a reference to nowhere."""
    while "$ref" in schema:
        beside = schema.keys() & (_CONSTRAINTS - {"$ref"})
        if beside:
            return {"$ref beside other constraints": True}
        target: Any = root
        for part in schema["$ref"].removeprefix("#").strip("/").split("/"):
            target = target[part]
        schema = target
    return schema


def _merged(alternative: Schema, siblings: Schema) -> Schema | None:
    if alternative.keys() & siblings.keys():
        return None
    return {**alternative, **siblings}


def _listed_values(schema: Schema) -> list[Any] | None:
    """The values that `enum` or `const` leave; None where neither is given."""
    if "const" in schema:
        return [schema["const"]]
    listed: list[Any] | None = schema.get("enum")
    return listed


def _types(schema: Schema) -> frozenset[str]:
    listed = _listed_values(schema)
    given = schema.get("type")
    if given is None:
        return frozenset(map(_type_of, listed)) if listed is not None else _ALL_TYPES
    return frozenset([given] if isinstance(given, str) else given)


def _widened(types: frozenset[str]) -> frozenset[str]:
    return types | {"integer"} if "number" in types else types


def _type_of(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = {int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names[type(value)]


def _same(one: object, other: object) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _limits(writer: Schema, reader: Schema, kind: str, path: str) -> Iterator[Incompatibility]:
    for side in (_LOWER, _UPPER):
        wanted = _tightest(reader, kind, side)
        promised = _tightest(writer, kind, side)
        if wanted is not None and (promised is None or promised < wanted):
            keyword = wanted[2]
            promise = "none" if promised is None else f"{promised[2]} {writer[promised[2]]}"
            yield Incompatibility(
                path, f"{keyword} {reader[keyword]} is demanded, {promise} is promised"
            )


def _tightest(schema: Schema, kind: str, side: int) -> tuple[float, bool, str] | None:
    """The limit of `schema` on one side, as a tuple that is larger the tighter it is.

    An exclusive limit is tighter than an inclusive one at the same number.
    """
    limits = [
        (side * schema[keyword], keyword.startswith("exclusive"), keyword)
        for keyword, of_side in _LIMITS[kind].items()
        if of_side == side and keyword in schema
    ]
    return max(limits, default=None)


def _member(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
