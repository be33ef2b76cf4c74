"""Which columns the messages of the service become."""

from __future__ import annotations

import types
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from .._codec import Message
from .._generated import models

Kind = Literal["text", "integer", "number", "boolean", "time", "duration", "json", "map"]

# A column for each key. Other documents are JSON text, because their keys say nothing about the rows.
_MAPS = ("metrics", "labels")


class Column(NamedTuple):
    """A column, and where its values are in the JSON object of a message."""

    name: str
    path: tuple[str, ...]
    kind: Kind
    prefix: str
    """What the JSON has before the words of an enum."""
    absent: Any
    """The value where the JSON has none: 0 or False for numbers that are always set, else None."""
    message: type[Message] | None
    """What a `json` column has one or several of, unless it is a document."""


@cache
def columns_of(cls: type[Message]) -> tuple[Column, ...]:
    """The columns of a message, in the order of its fields."""
    return tuple(_columns(cls, "", (), (cls,)))


def _columns(
    cls: type[Message], prefix: str, path: tuple[str, ...], outer: tuple[type[Message], ...]
) -> Iterator[Column]:
    hints = get_type_hints(cls)
    for name, wire, kind in cls._fields:  # pyright: ignore[reportPrivateUsage]
        here, where = prefix + name, (*path, wire)
        word, _, rest = kind.partition(" ")
        message: type[Message] | None = None
        if word == "message" or rest.startswith("message "):
            message = getattr(models, rest.removeprefix("message "))
            assert message is not None
            # A message within itself would have columns without end.
            if word == "message" and message not in outer:
                yield from _columns(message, here + ".", where, (*outer, message))
                continue
        known, is_optional = _plain_type(hints[name])
        column = _kind_of(name, word, known)
        always = {"integer": 0, "number": 0.0, "boolean": False}.get(column)
        absent = None if is_optional or path else always
        yield Column(here, where, column, rest if word == "enum" else "", absent, message)


def _kind_of(name: str, word: str, known: Any) -> Kind:
    match word:
        case "double":
            return "number"
        case "int32" | "int64":
            return "integer"
        case "timestamp":
            return "time"
        case "duration":
            return "duration"
        case "enum":
            return "text"
        case "plain" if known in (str, bool):
            return "text" if known is str else "boolean"
        case _:
            return "map" if name in _MAPS and get_origin(known) is dict else "json"


def _plain_type(hint: Any) -> tuple[Any, bool]:
    """The type without None, and whether None was among it."""
    if get_origin(hint) in (Union, types.UnionType):
        return next(one for one in get_args(hint) if one is not types.NoneType), True
    return hint, False
