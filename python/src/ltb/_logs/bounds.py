"""Makes what logs have fit the service's limits, as its importer does."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, cast

JSON_BYTES = 1024 * 1024
JSON_LEVELS = 32
ERROR_BYTES = 64 * 1024
SAMPLE_ID_CHARS = 255

# What JSON escapes: in UTF-8 these bytes, and those of U+0080 to U+009F.
_ESCAPED = bytes([*b'"\\', *range(0x20), 0x7F])
_ESCAPED_BEYOND = re.compile(b"\xc2[\x80-\x9f]")


def bound_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leaves out the largest fields if all take over 1 MiB; `ltb_omitted` then lists them.

    So it does with fields that are nested too deep.
    """
    if _is_small(values):
        return dict(values)
    sizes = [(key, _units(key) + 8 + json_size(one, JSON_LEVELS - 1)) for key, one in values.items()]
    total = sum(size for _, size in sizes)
    if total <= JSON_BYTES:
        return dict(values)
    omitted: list[str] = []
    for key, size in sorted(sizes, key=lambda one: -one[1]):
        if total + _units(",".join(omitted)) + 64 <= JSON_BYTES:
            break
        total -= size
        omitted.append(key)
    return {**{key: one for key, one in values.items() if key not in omitted}, "ltb_omitted": omitted}


def _is_small(values: Mapping[str, Any]) -> bool:
    """Whether all certainly fits, which takes a third of the time of an estimate, and is so of most."""
    left = JSON_BYTES
    level: list[Any] = [values]
    for _ in range(JSON_LEVELS):
        below: list[Any] = []
        for one in level:
            if isinstance(one, str):
                # Four bytes for a character, and five for its escape.
                left -= 9 * len(one)
            elif isinstance(one, dict):
                owner = cast("dict[str, Any]", one)
                below += owner.values()
                left -= 9 * len("".join(owner))
            elif isinstance(one, list):
                below += cast("list[Any]", one)
        # Values take 24 bytes at most beside their text, and keys 8.
        left -= 32 * len(level)
        if left < 0:
            return False
        if not below:
            return True
        level = below
    return False


def json_size(value: Any, levels: int = JSON_LEVELS) -> int:
    """Estimates the bytes of a value as the service does; counting stops past 1 MiB."""
    if isinstance(value, str):
        if _units(value) > JSON_BYTES:
            return JSON_BYTES + 1
        data = value.encode()
        escapes = len(data) - len(data.translate(None, _ESCAPED))
        if not value.isascii():
            escapes += len(_ESCAPED_BEYOND.findall(data))
        # An escape takes at most six bytes for one character.
        return len(data) + 8 + 5 * escapes
    if not isinstance(value, list | dict):
        return 24
    if levels == 0:
        return JSON_BYTES + 1
    size = 8
    if isinstance(value, dict):
        for key, one in cast("dict[str, Any]", value).items():
            size += _units(key) + 8 + json_size(one, levels - 1)
            if size > JSON_BYTES:
                break
    else:
        for one in cast("list[Any]", value):
            size += 4 + json_size(one, levels - 1)
            if size > JSON_BYTES:
                break
    return size


def cut_bytes(text: str, most: int) -> str:
    """As many of the first characters as take at most `most` bytes."""
    return text.encode()[:most].decode(errors="ignore")


def sha256(text: str) -> str:
    """The SHA-256 of a text in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def _units(text: str) -> int:
    """The length in JavaScript, in which the importer counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
