"""Texts of logs are only searched for secrets if they can have one."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from ltb._logs import secrets

# The only parser of patterns that Python has.
from re import _parser as parser  # type: ignore  # isort: skip

UNKNOWN = "\0"


def shapes(pattern: Any) -> set[str]:
    """The texts that a pattern finds, with UNKNOWN for parts that may be anything."""
    parts = [_shapes_of(kind, given) for kind, given in pattern]
    return {"".join(one) for one in itertools.product(*parts)}


def _shapes_of(kind: Any, given: Any) -> set[str]:
    match str(kind):
        case "LITERAL":
            return {chr(given).lower()}
        case "IN" if all(str(one) == "LITERAL" for one, _ in given):
            return {chr(char).lower() for _, char in given}
        case "SUBPATTERN":
            return shapes(given[3])
        case "BRANCH":
            return set[str]().union(*(shapes(one) for one in given[1]))
        case "MAX_REPEAT" if given[0] > 0:
            return {f"{UNKNOWN}{one}{UNKNOWN}" for one in shapes(given[2])}
        case "ASSERT" if given[0] < 0:
            # What stands before overlaps with it.
            return {f"{UNKNOWN}{one}" for one in shapes(given[1])}
        case "ASSERT" | "ASSERT_NOT" | "AT":
            return {""}
        case _:
            return {UNKNOWN}


def test_every_text_with_a_secret_has_a_hint() -> None:
    found = shapes(parser.parse(secrets._sources["texts"]))  # pyright: ignore
    hints = [(part, hint) for part, group in secrets.HINTS.items() for hint in group]
    assert len(found) > 100
    assert [one for one in found if not any(hint in one for _, hint in hints)] == []
    assert [hint for part, hint in hints if part not in hint] == []


SECRET = "q7Zp1Lx9Vt3Kd8Rw2Mb6"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"api_key={SECRET},timeout=3", "api_key=[redacted],timeout=3"),
        (f"model=m,token={SECRET}", "model=m,token=[redacted]"),
        (f"given ltb_live_{SECRET}!", "given [redacted]!"),
        (f"HF_{SECRET}", "[redacted]"),
        ("$2b$12$abcdefgh", "[redacted]"),
        ("postgres://me:secret1@host/db", "postgres[redacted]host/db"),
        (f"https://host/?api_key={SECRET}", "https://host/[redacted]"),
        (f'{{"Authorization": "Bearer {SECRET}"}}', '{"Authorization": "[redacted]"}'),
        (f"x-goog-api-key: {SECRET}", "x-goog-api-key: [redacted]"),
        (f'{{"password": "{SECRET}"}}', '{"password": "[redacted]"}'),
        (f'{{"token": "{SECRET}"}}', '{"token": "[redacted]"}'),
        (f"Cookie: sid={SECRET}", "Cookie: [redacted]"),
        (f"signing-key = {SECRET}", "signing-key = [redacted]"),
        ("the key to a token opens nothing", "the key to a token opens nothing"),
    ],
)
def test_a_secret_in_a_text_is_replaced(text: str, clean: str) -> None:
    assert secrets.without_secrets([text, {text: text}]) == [clean, {clean: clean}]


@pytest.mark.parametrize("length", [1, 200])
def test_a_secret_name_counts_whatever_its_length(length: int) -> None:
    """A name is judged by itself, and its value each time anew."""
    name = "a" * length + "_api_key"
    for _ in range(2):
        assert secrets.without_secrets({name: "v"}) == {name: "[redacted]"}
        assert secrets.without_secrets({name: 5, "input_tokens": 3}) == {name: 5, "input_tokens": 3}
