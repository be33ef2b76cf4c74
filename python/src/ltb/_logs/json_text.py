"""Reads JSON of logs as the service's importer does, so that both store the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, cast

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
        value = rewrite(value, lambda one: _storable(one, marks))
    return value, marks


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


def _number(source: str) -> int | float | str:
    number = float(source)
    if number in (float("inf"), float("-inf")):
        return "Infinity" if number > 0 else "-Infinity"
    return int(number) if number.is_integer() and abs(number) <= MOST_EXACT_INTEGER else number


def _whole(source: str) -> int | str:
    number = _number(source)
    return number if isinstance(number, str) else int(source)


def _storable(text: str, marks: dict[str, Any]) -> str:
    if "\0" in text:
        marks["ltb_replaced_nul"] = True
        text = text.replace("\0", "\u2400")
    if _SURROGATE.search(text):
        marks["ltb_replaced_surrogates"] = True
        text = _SURROGATE.sub("\ufffd", text)
    return text
