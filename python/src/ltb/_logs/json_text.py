"""Reads JSON of logs as the service's importer does, so that both store the same."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, cast

from .._codec import is_text

MOST_EXACT_INTEGER = 2**53
NOT_FINITE = ("NaN", "Infinity", "-Infinity")
"""What `parse` makes of numbers that JSON does not have."""
# What the walk over all texts is for, which costs more than the parse.
_NEEDS_WALK = re.compile(r"\\u0000|\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse(text: str | bytes) -> tuple[Any, dict[str, Any]]:
    """Parses JSON so that PostgreSQL and Protobuf can hold it. Returns the value, and marks for its metadata.

    NaN and the infinities become texts, U+0000 becomes U+2400, and half of a surrogate pair U+FFFD. Numbers
    are what a double holds of them, but whole ones keep their digits. Raises ValueError for what is no JSON.
    """
    text = text.decode() if isinstance(text, bytes) else text
    value = json.loads(text, parse_float=_number, parse_int=_whole, parse_constant=str)
    marks: dict[str, Any] = {}
    if _NEEDS_WALK.search(text):
        value = rewrite(value, lambda one: _storable_text(one, marks))
    return value, marks


def storable(value: Any) -> tuple[Any, dict[str, Any]]:
    """What `parse` makes of the JSON text of a value, in a fraction of the time that such a text takes.

    Half of a surrogate pair, which that text cannot have, becomes the escape that Python writes of it.
    """
    marks: dict[str, Any] = {}
    return _storable(value, marks), marks


def double_of(number: int | float) -> int | float:
    """What a double holds of a number that is counted with."""
    return number if abs(number) <= MOST_EXACT_INTEGER else float(number)


def rewrite(value: Any, text: Callable[[str], str]) -> Any:
    """Copies a value. Every text, keys too, goes through `text`."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, list):
        return [rewrite(one, text) for one in cast("list[Any]", value)]
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return {text(key): rewrite(one, text) for key, one in items}
    return value


def _storable(value: Any, marks: dict[str, Any]) -> Any:
    if isinstance(value, str):
        if "\0" not in value and (value.isascii() or is_text(value)):
            return value
        return _storable_text(value.encode(errors="backslashreplace").decode(), marks)
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return {_storable(key, marks): _storable(one, marks) for key, one in items}
    if isinstance(value, list):
        return [_storable(one, marks) for one in cast("list[Any]", value)]
    if isinstance(value, float):
        return _double(value)
    if isinstance(value, int) and abs(value) > MOST_EXACT_INTEGER:
        return _large(value)
    return value


def _large(number: int) -> int | str:
    try:
        float(number)
    except OverflowError:
        return "Infinity" if number > 0 else "-Infinity"
    return number


def _number(source: str) -> int | float | str:
    return _double(float(source))


def _double(number: float) -> int | float | str:
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return int(number) if number.is_integer() and abs(number) <= MOST_EXACT_INTEGER else float(number)


def _whole(source: str) -> int | str:
    number = _number(source)
    return number if isinstance(number, str) else int(source)


def _storable_text(text: str, marks: dict[str, Any]) -> str:
    if "\0" in text:
        marks["ltb_replaced_nul"] = True
        text = text.replace("\0", "\u2400")
    if _SURROGATE.search(text):
        marks["ltb_replaced_surrogates"] = True
        text = _SURROGATE.sub("\ufffd", text)
    return text
