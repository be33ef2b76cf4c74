"""Lists of the service as data frames of polars and pandas, and as tables of Arrow."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from ._calls import Items
from ._codec import Message, encode_message
from ._generated import models

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    import polars as pl
    import pyarrow as pa

Rows: TypeAlias = Items[Any] | Message
"""What an `iter_…` or `export_…` method returns, or an answer that has one list of messages, such as that of
`compare_benchmarks` and of `get_leaderboard`.
"""


def to_arrow(rows: Rows) -> pa.Table:  # pyright: ignore[reportUnknownParameterType, reportUnknownMemberType]
    """Reads all rows into a table of Arrow. Needs the extra `arrow`.

    Each field of a message is a column with its name. Of a message within, such as `summary` of a benchmark,
    each field is one: `summary.score.mean`. Types do not depend on the rows: texts, 64-bit integers, doubles,
    booleans, and times in UTC with microseconds; what is unset, and an empty text, is null. `metadata`,
    `results`, and lists are JSON text. Each key of `metrics` and `labels` is a column, such as
    `metrics.accuracy`: of doubles, of booleans or of texts, if all of its values are such, else of JSON text.
    There is none for a key that no row has.

    Raises:
        ImportError: A package of the extra is missing; the message names the extra.
        TypeError: `rows` is something else.
        ValueError: `metrics` or `labels` have more than 1,000 keys in all rows.
        LtbError: A call for the rows failed.
    """
    _require("arrow", "pyarrow")
    return _read(rows)


def to_polars(rows: Rows) -> pl.DataFrame:
    """Reads all rows into a data frame of polars, with the columns of `to_arrow`. Needs the extra `polars`.

    Raises what `to_arrow` does.
    """
    _require("polars", "pyarrow", "polars")
    import polars as pl

    return pl.DataFrame(_read(rows))


def to_pandas(rows: Rows) -> pd.DataFrame:
    """Reads all rows into a data frame of pandas, with the columns of `to_arrow`. Needs the extra `pandas`.

    Its dtypes are those of Arrow, such as `double[pyarrow]`, as with `dtype_backend="pyarrow"` of pandas: an
    integer that is missing does not make a column of floating-point numbers.

    Raises what `to_arrow` does.
    """
    _require("pandas", "pyarrow", "pandas")
    import pandas as pd

    return _read(rows).to_pandas(types_mapper=pd.ArrowDtype)


def _require(extra: str, *modules: str) -> None:
    for module in modules:
        try:
            import_module(module)
        except ImportError as error:
            raise ImportError(
                f"ltb.frames.to_{extra} needs {module}: pip install 'llm-test-bench[{extra}]'", name=module
            ) from error


def _read(rows: Rows) -> Any:
    # pyarrow has no types.
    table_of: Any = import_module("ltb._frames.table").table_of
    if isinstance(rows, Items):
        return table_of(rows.item, rows.objects())
    cls, messages = _list_of(rows)
    return table_of(cls, [[encode_message(one) for one in messages]])


def _list_of(answer: object) -> tuple[type[Message], Iterable[Message]]:
    """The only list of messages that an answer has, and their class."""
    if isinstance(answer, Message):
        fields = answer._fields  # pyright: ignore[reportPrivateUsage]
        lists = [(name, kind) for name, _, kind in fields if kind.startswith("list message ")]
        if len(lists) == 1:
            [(name, kind)] = lists
            return getattr(models, kind.removeprefix("list message ")), getattr(answer, name)
    raise TypeError(
        "rows: expected what an iter_… or export_… method of ltb.Client returns, or an answer with one list "
        f"of messages, got {type(answer).__name__}"
    )
