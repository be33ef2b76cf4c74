"""Checks what a run is given, so that what the service would never store is refused where it is given.

The limits are those of the service's `src/limits.ts`. Each function raises TypeError or ValueError that says
what was expected; `named` puts the argument's name before that.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from .._codec import INT32_MAX, NO_TEXT, is_text, whole_number

NAME_CHARS = 255
"""Of a benchmark, its model and its dataset."""
PROVIDER_CHARS = 100
LABELS = 64
LABEL_KEY_CHARS = 63
LABEL_VALUE_CHARS = 255

T = TypeVar("T")


def named(name: str, read: Callable[[Any], T], value: object) -> T:
    """Reads an argument. Raises ValueError or TypeError that begins with its name."""
    try:
        return read(value)
    except Exception as error:
        kind = ValueError if isinstance(error, ValueError) else TypeError
        raise kind(f"{name}: {error}") from error


def text_of(value: Any, least: int, most: int) -> str:
    """A text of `least` to `most` characters."""
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {value!r:.100}")
    if not least <= len(value) <= most:
        span = f"{least} to {most}" if least else f"at most {most}"
        raise ValueError(f"expected {span} characters, got {len(value)}")
    if "\0" in value:
        raise ValueError("expected text without the character U+0000")
    if not is_text(value):
        raise ValueError(NO_TEXT)
    return value


def count_of(value: Any) -> int:
    """A whole number that is not negative, and that the service has room for."""
    return whole_number(value, 0, INT32_MAX)


def uuid_of(value: Any) -> str:
    """The UUID in the form that the service writes."""
    try:
        return str(uuid.UUID(value))
    except (ValueError, TypeError, AttributeError):
        raise ValueError(f"expected a UUID, got {value!r:.100}") from None


def mapping_of(value: Any) -> dict[Any, Any]:
    """A copy of a mapping."""
    if not isinstance(value, Mapping):
        raise TypeError(f"expected a mapping, got {value!r:.100}")
    return dict(cast("Mapping[Any, Any]", value))


def labels_of(value: Any) -> dict[str, str]:
    """At most 64 labels: keys of 1 to 63 characters, values of at most 255."""
    labels = mapping_of(value)
    if len(labels) > LABELS:
        raise ValueError(f"expected at most {LABELS}, got {len(labels)}")
    for key, one in labels.items():
        place = "a key"
        try:
            text_of(key, 1, LABEL_KEY_CHARS)
            place = key
            text_of(one, 0, LABEL_VALUE_CHARS)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{place}: {error}") from None
    return labels
