"""`ltb-sync`: sends what processes could not send."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from .._endpoint import endpoint_of
from .._version import __version__
from ..client import Client
from ..errors import LtbError
from .delivery import Delivery, batches
from .spool import LeftSpool, spool_folder

# What the client makes of a service that is away or silent.
_UNANSWERED = ("UNAVAILABLE", "DEADLINE_EXCEEDED")


def main(arguments: list[str] | None = None) -> int:
    """Sends the files of the spool. Returns 0 if nothing is left, else 1."""
    parser = argparse.ArgumentParser(
        "ltb-sync",
        description="Sends evaluations that their process could not send, to the service of LTB_URL with "
        "LTB_API_KEY. Nothing is stored twice. Files of running processes are left to them.",
    )
    parser.add_argument("files", nargs="*", type=_file, help="files to send (default: all of LTB_SPOOL_DIR)")
    parser.add_argument("--url", help="address of the service; files for another one are sent there too")
    parser.add_argument("--version", action="version", version=__version__)
    options = parser.parse_args(arguments)
    logging.basicConfig(format="%(message)s")
    try:
        url = endpoint_of(options.url, None, None).url
        files: list[Path] = options.files or sorted(
            file for file in spool_folder().glob("*.jsonl") if file.name != "rejected.jsonl"
        )
        with Client(options.url) as client:
            is_done = _send_files(client, files, None if options.url else url)
    except (ValueError, OSError, ImportError) as error:
        print(f"ltb-sync: {error}", file=sys.stderr)
        return 1
    return 0 if is_done else 1


def _file(given: str) -> Path:
    path = Path(given)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"expected a file, got {given!r}")
    return path


def _send_files(client: Client, files: list[Path], wanted: str | None) -> bool:
    """Sends files in turn, until nobody answers. Tells whether nothing of them is left to do."""
    is_done = True
    for count, file in enumerate(files, 1):
        try:
            is_done &= _send_file(client, file, wanted)
        except LtbError:
            # Each of the others would wait as long for an answer.
            for other in files[count:]:
                print(f"ltb-sync: {other}: not tried, because the service does not answer", file=sys.stderr)
            return False
    return is_done


def _send_file(client: Client, path: Path, wanted: str | None) -> bool:
    """Sends a file and deletes it. Tells whether nothing of it is left to do.

    Raises LtbError if nobody answers.
    """
    try:
        spool = LeftSpool.take(path)
    except FileNotFoundError:
        print(f"{path}: it is gone, as files are that another ltb-sync has sent")
        return True
    except (OSError, ValueError) as error:
        print(f"ltb-sync: {path}: {error}", file=sys.stderr)
        return False
    if spool is None:
        print(f"{path}: its process is running, and sends it")
        return True
    try:
        if wanted is not None and spool.url not in ("", wanted):
            print(f"{path}: left, because it is meant for {spool.url}; --url sends it")
            return False
        delivery = Delivery(client.caller)
        try:
            for batch in batches(spool.entries()):
                delivery.send(batch)
        except (LtbError, OSError, ValueError) as error:
            print(f"ltb-sync: {path}: {error}", file=sys.stderr)
            if isinstance(error, LtbError) and error.code in _UNANSWERED:
                raise
            return False
        spool.delete()
        others = f", {delivery.conflicts} with another result" if delivery.conflicts else ""
        refused = f", {delivery.rejected} refused" if delivery.rejected else ""
        print(f"{path}: {delivery.stored} evaluations are stored{others}{refused}")
        return True
    finally:
        spool.close()


if __name__ == "__main__":
    sys.exit(main())
