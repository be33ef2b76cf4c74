"""Secrets in what logs have are replaced, and texts are only searched for one if they can have one."""

from __future__ import annotations

import random
import string
from typing import Any, cast

import pytest

from ltb._logs import secrets

# The only parser of patterns that Python has.
from re import _parser as parser  # type: ignore  # isort: skip

CHARS = string.ascii_letters + string.digits + " \t" + string.punctuation


def sample_of(pattern: Any, draw: random.Random) -> str:
    """A text that a pattern may find. What it only looks ahead for is left to chance."""
    return "".join(_part_of(kind, given, draw) for kind, given in pattern)


def _part_of(kind: Any, given: Any, draw: random.Random) -> str:
    match str(kind):
        case "LITERAL":
            return chr(given)
        case "IN":
            return draw.choice([one for one in CHARS if _is_in(one, given)])
        case "SUBPATTERN":
            return sample_of(given[3], draw)
        case "BRANCH":
            return sample_of(draw.choice(given[1]), draw)
        case "MAX_REPEAT":
            least, most, what = given
            times = draw.randint(least, min(most, least + 12))
            return "".join(sample_of(what, draw) for _ in range(times))
        case "ASSERT" if given[0] < 0:
            return sample_of(given[1], draw)
        case "ASSERT" | "ASSERT_NOT" | "AT":
            return ""
        case _:
            raise AssertionError(f"expected no {kind} in the pattern")


def _is_in(char: str, group: Any) -> bool:
    is_other, found = False, False
    for kind, given in group:
        match str(kind):
            case "NEGATE":
                is_other = True
            case "LITERAL":
                found |= char == chr(given)
            case "RANGE":
                found |= given[0] <= ord(char) <= given[1]
            case _:
                found |= char.isspace() if "SPACE" in str(given) else char.isalnum() or char == "_"
    return found != is_other


def test_every_text_with_a_secret_has_a_hint() -> None:
    draw = random.Random(1)
    parsed: Any = parser.parse(secrets._sources["texts"])  # pyright: ignore
    alternatives = cast("list[Any]", parsed[0][1][1])
    assert len(alternatives) > 10
    for one in alternatives:
        # Some end only before a quote.
        texts = (draw.choice((str.upper, str.lower, str))(sample_of(one, draw) + '"') for _ in range(200))
        found = [text for text in texts if secrets._texts.search(text)]
        assert len(found) > 100
        assert [text for text in found if not secrets.may_have_secret(text)] == []


def test_words_alone_are_no_hint() -> None:
    text = (
        "a key, a token and a secret, sorted(all, key=str), {'key': 1}, passwords, $2, me@host, a task-list"
    )
    assert not secrets.may_have_secret(text * 100)


def test_every_hint_stands_with_a_part_of_it() -> None:
    assert [hint for part, hints in secrets.HINTS.items() for hint in hints if part not in hint] == []


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
