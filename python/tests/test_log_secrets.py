"""Texts of logs are only searched for secrets if they can have one."""

from __future__ import annotations

import itertools
from typing import Any

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
    assert len(found) > 100
    assert [one for one in found if not any(hint in one for hint in secrets.HINTS)] == []
