# pyarrow comes without types that strict rules accept.
# pyright: basic
"""Makes a table of Arrow of the JSON objects of messages. No object of Python stays for a row."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pyarrow as pa

from .._codec import Message, decode, to_json
from .schema import Column, Kind, columns_of

# Rows that are lists of Python until they become arrays: enough for arrays that are not many.
BATCH_ROWS = 10_000
# More keys than that are no metrics but data, and a table of so many columns is of no use.
MAX_KEYS = 1_000

_TIME = pa.timestamp("us", "UTC")
_TYPES: dict[Kind, pa.DataType] = {
    # Offsets of 32 bits would end at 2 GiB of text.
    "text": pa.large_string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "time": _TIME,
    "duration": pa.duration("us"),
    "json": pa.large_string(),
}

Objects = list[dict[str, Any]]


def table_of(cls: type[Message], pages: Iterable[Objects]) -> pa.Table:
    """The table of all messages of a class. Its columns and their types do not depend on the rows, but for
    those of keys, which `_Map` describes.

    Raises ValueError for more than 1,000 keys.
    """
    builders = [_Map(column) if column.kind == "map" else _Plain(column) for column in columns_of(cls)]
    waiting: Objects = []
    for page in pages:
        waiting += page
        if len(waiting) >= BATCH_ROWS:
            _add(builders, waiting)
            waiting = []
    _add(builders, waiting)
    return pa.table(dict(named for builder in builders for named in builder.columns()))


def _add(builders: list[_Plain | _Map], objects: Objects) -> None:
    for builder in builders:
        builder.add(objects)


class _Plain:
    """A field that is one column."""

    def __init__(self, column: Column) -> None:
        self._column = column
        self._arrays: list[pa.Array] = []

    def add(self, objects: Objects) -> None:
        column = self._column
        if column.kind == "json":
            values = _texts(objects, column)
        else:
            values = _values(objects, column.path)
            read = _reader_of(column)
            if read is not None or column.absent is not None:
                absent = column.absent
                values = [absent if one is None else read(one) if read else one for one in values]
        self._arrays.append(_array(values, column.kind))

    def columns(self) -> Iterable[tuple[str, pa.ChunkedArray]]:
        yield self._column.name, pa.chunked_array(self._arrays, _TYPES[self._column.kind])


class _Map:
    """A field of which each key is a column: of numbers, of booleans or of texts, where all values are such.
    Numbers are floating-point, whole ones too. A column of several kinds, or of lists and objects, is JSON
    text.
    """

    def __init__(self, column: Column) -> None:
        self._column = column
        self._rows: list[int] = []
        """Of each batch."""
        self._arrays: dict[str, dict[int, tuple[Kind, pa.Array]]] = {}
        """By key and number of the batch."""

    def add(self, objects: Objects) -> None:
        columns: dict[str, list[Any]] = {}
        documents = _texts(objects, self._column)
        for at, text in enumerate(documents):
            if text is None or text == "{}":
                continue
            for key, value in json.loads(text).items():
                values = columns.get(key)
                if values is None:
                    values = columns[key] = [None] * len(documents)
                    self._check(len(columns))
                values[at] = value
        batch = len(self._rows)
        self._rows.append(len(documents))
        for key, values in columns.items():
            kind = _kind_of(values)
            if kind == "json":
                values = [None if one is None else to_json(one) for one in values]
            elif kind == "number":
                values = [None if one is None else _double(one) for one in values]
            self._arrays.setdefault(key, {})[batch] = kind, _array(values, kind)
        self._check(len(self._arrays))

    def columns(self) -> Iterable[tuple[str, pa.ChunkedArray]]:
        for key in sorted(self._arrays):
            known = self._arrays[key]
            # A batch without any value has no kind of its own.
            kinds: set[Kind] = {kind for kind, array in known.values() if array.null_count < len(array)}
            kind = _common(kinds)
            arrays = [
                _as_kind(*known[batch], kind) if batch in known else pa.nulls(rows, _TYPES[kind])
                for batch, rows in enumerate(self._rows)
            ]
            yield f"{self._column.name}.{key}", pa.chunked_array(arrays, _TYPES[kind])

    def _check(self, keys: int) -> None:
        if keys > MAX_KEYS:
            raise ValueError(
                f"{self._column.name}: expected at most {MAX_KEYS:,} keys in all rows, because each is a "
                "column, got more; iterate over the messages instead"
            )


def _values(objects: Objects, path: tuple[str, ...]) -> list[Any]:
    values: list[Any] = objects
    for name in path:
        values = [None if one is None else one.get(name) for one in values]
    return values


def _texts(objects: Objects, column: Column) -> list[str | None]:
    """JSON text of each."""
    *outer, last = column.path
    within = _values(objects, tuple(outer))
    cls = column.message
    texts: list[str | None] = []
    for one in within:
        text = None if one is None else one.get(last + "Json")
        if text is None and one is not None and (value := one.get(last)) is not None:
            text = to_json(value) if cls is None else _text_of_messages(cls, value)
        texts.append(text)
    return texts


def _text_of_messages(cls: type[Message], value: Any) -> str:
    def plain(one: dict[str, Any]) -> dict[str, Any]:
        return decode(cls, one).to_dict()

    return to_json([plain(one) for one in value] if isinstance(value, list) else plain(value), default=str)


def _reader_of(column: Column) -> Callable[[Any], Any] | None:
    match column.kind:
        case "integer":
            # Those of 64 bits are texts in JSON.
            return int
        case "number":
            return float
        case "duration":
            return lambda text: timedelta(seconds=float(text[:-1]))
        case "text" if column.prefix:
            prefix = column.prefix
            return lambda word: str(word).removeprefix(prefix)
        case _:
            return None


def _array(values: list[Any], kind: Kind) -> pa.Array:
    if kind == "time":
        return pa.array(values, pa.string()).cast(_TIME)
    return pa.array(values, _TYPES[kind])


def _double(number: int | float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _kind_of(values: list[Any]) -> Kind:
    kinds = {type(value) for value in values}
    kinds.discard(type(None))
    if kinds <= {bool}:
        return "boolean"
    if kinds <= {int, float}:
        return "number"
    return "text" if kinds <= {str} else "json"


def _common(kinds: set[Kind]) -> Kind:
    if len(kinds) > 1:
        return "json"
    return kinds.pop() if kinds else "text"


def _as_kind(known: Kind, array: pa.Array, kind: Kind) -> pa.Array:
    if known == kind:
        return array
    if array.null_count == len(array):
        return pa.nulls(len(array), _TYPES[kind])
    # What is of one kind in this batch is JSON in another.
    return _array([None if one is None else to_json(one) for one in array.to_pylist()], "json")
