"""The files of the spool: who has them, who may read them, and what is in them for good."""

from __future__ import annotations

import fcntl
import gc
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

import ltb
from ltb._recorder import delivery, sync
from ltb._recorder import spool as spool_module
from ltb._recorder.spool import Entry, LeftSpool, Spool, spool_folder

from conftest import Stub, spooled

ENTRY = Entry("evaluation", '{"sampleId":"1"}', '{"id":"2"}')


def locks_after(first: Callable[[], bool], monkeypatch: pytest.MonkeyPatch) -> None:
    """Something happens between the making of a file and its lock, once."""
    lock, is_first = spool_module._try_lock, True

    def try_lock(descriptor: int) -> bool:
        nonlocal is_first
        if is_first:
            is_first = False
            if not first():
                return False
        return lock(descriptor)

    monkeypatch.setattr(spool_module, "_try_lock", try_lock)


def delete_all() -> bool:
    for file in spooled():
        file.unlink()
    return True


@pytest.mark.parametrize("first", [delete_all, lambda: False], ids=["deleted", "locked"])
def test_a_file_that_somebody_took_first_is_not_used(
    first: Callable[[], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    locks_after(first, monkeypatch)
    spool = Spool("http://localhost:1")
    spool.append(ENTRY)
    assert spool.path in spooled()
    assert spool.path.read_text().count("\n") == 3
    assert LeftSpool.take(spool.path) is None
    spool.close()


def test_a_file_that_another_process_has_is_left_to_it_and_closed() -> None:
    spool = Spool("http://localhost:1")
    spool.append(ENTRY)
    assert spool.path
    before = len(os.listdir("/dev/fd"))
    gc.disable()
    try:
        assert LeftSpool.take(spool.path) is None
        assert len(os.listdir("/dev/fd")) == before
    finally:
        gc.enable()
    spool.close()


def test_where_files_cannot_be_locked_none_is_taken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spool = Spool("http://localhost:1")
    spool.append(ENTRY)
    spool.close()

    def no_locks(descriptor: int, operation: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    assert sync.main(["--url", "http://localhost:1"]) == 1
    assert "No locks available" in capsys.readouterr().err
    with pytest.raises(OSError, match="No locks available"):
        Spool("http://localhost:1").append(ENTRY)
    assert spooled() == [spool.path]


def test_a_new_file_is_on_the_disk_with_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []

    def fsync(descriptor: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))

    monkeypatch.setattr(os, "fsync", fsync)
    spool = Spool("http://localhost:1")
    spool.append(ENTRY)
    assert synced == []
    for _ in range(2):
        spool.append(ENTRY, durable=True)
    assert synced == [False, True, False]
    spool.close()


def test_a_file_that_somebody_emptied_is_done_with(stub: Stub) -> None:
    with ltb.Client(stub.url) as client:
        stub.answer = lambda method, body: (503, {})
        run = ltb.run("a", model="m", dataset="d", client=client)
        run.log(sample_id="1", output="x", durable=True)
        [file] = spooled()
        os.truncate(file, 0)
        stub.answer = lambda method, body: (200, {"benchmark": {}, "results": [{"outcome": "x"}]})
        assert run.finish()


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No home, so that the folder for temporary files is used; returns the spool in it."""

    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("LTB_SPOOL_DIR")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setenv("USER", "somebody")
    return tmp_path / f"llm-test-bench-{os.getuid()}"


def test_without_a_home_there_is_a_folder_of_the_users_own(homeless: Path) -> None:
    for _ in range(2):
        assert spool_folder() == homeless
        assert stat.S_IMODE(homeless.stat().st_mode) == 0o700


def test_a_folder_that_others_made_or_may_read_is_not_used(
    homeless: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> None:
        with pytest.raises(PermissionError, match=r"closed to others \(mode 700\); set LTB_SPOOL_DIR"):
            spool_folder()

    homeless.mkdir()
    homeless.chmod(0o750)
    refused()
    homeless.rmdir()
    (tmp_path / "theirs").mkdir(mode=0o700)
    homeless.symlink_to(tmp_path / "theirs")
    refused()
    homeless.unlink()
    homeless.mkdir(mode=0o700)
    assert spool_folder() == homeless
    found = homeless.lstat()

    def of_another(_: Path) -> os.stat_result:
        return os.stat_result([*found[:4], os.getuid() + 1, *found[5:]])

    monkeypatch.setattr(Path, "lstat", of_another)
    refused()


def test_what_is_refused_is_not_written_through_a_link(stub: Stub, tmp_path: Path) -> None:
    target = tmp_path / "target"
    (spool_folder() / "rejected.jsonl").symlink_to(target)
    with ltb.Client(stub.url) as client, ltb.run("a", model="m", dataset="d", client=client) as run:
        run.log(score=float("nan"))
    assert not target.exists()


def test_one_file_that_cannot_be_read_does_not_keep_others(
    stub: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    stub.answer = lambda method, body: (200, {"benchmark": {}, "results": [{"outcome": "x"}]})
    for name, line in (("1-a", b'{"kind":"evaluation","body":"\xff"}\n'), ("2-b", b"")):
        spool = Spool(stub.url)
        spool.append(ENTRY)
        spool.close()
        assert spool.path
        path = spool.path.rename(spool_folder() / f"{name}.jsonl")
        path.write_bytes(path.read_bytes() + line)
    (spool_folder() / "3-c.jsonl").write_bytes(b"\xff\n")
    assert sync.main(["--url", stub.url]) == 1
    assert [file.name for file in spooled()] == ["1-a.jsonl", "3-c.jsonl"]
    told = capsys.readouterr()
    assert "2-b.jsonl: 1 evaluations are stored" in told.out
    assert told.err.count("can't decode") == 2


def test_after_a_file_that_nobody_answers_no_other_is_tried(
    unanswered_url: str, stub: Stub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(delivery, "CALL_TIMEOUT_S", 0.2)
    for name in ("1-a", "2-b", "3-c"):
        spool = Spool(unanswered_url)
        spool.append(ENTRY)
        spool.close()
        assert spool.path
        spool.path.rename(spool_folder() / f"{name}.jsonl")
    assert sync.main(["--url", unanswered_url]) == 1
    assert len(stub.seen) == (unanswered_url == stub.url)
    first, *others = capsys.readouterr().err.splitlines()
    assert "1-a.jsonl: " in first
    assert others == [
        f"ltb-sync: {spool_folder() / name}.jsonl: not tried, because the service does not answer"
        for name in ("2-b", "3-c")
    ]
    assert len(spooled()) == 3


def test_a_file_that_is_gone_was_sent_by_another(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = spool_folder() / "1-a.jsonl"

    def glob(*_: object) -> list[Path]:
        return [listed]

    monkeypatch.setattr(Path, "glob", glob)
    assert sync.main(["--url", stub.url]) == 0
    with pytest.raises(SystemExit):
        sync.main(["--url", stub.url, "missing.jsonl"])
    assert "expected a file, got 'missing.jsonl'" in capsys.readouterr().err


def test_a_file_of_a_later_version_is_left_to_it(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    path = spool_folder() / "1-a.jsonl"
    path.write_text('{"spool":2,"url":""}\n{"kind":"evaluation","of":"a kind that is not known"}\n')
    assert sync.main(["--url", stub.url]) == 1
    assert "expected a spool of version 1, got version 2" in capsys.readouterr().err
    assert spooled() == [path]


def test_what_the_disk_takes_only_in_part_is_not_said_to_be_kept(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write = os.write
    with ltb.Client(stub.url) as client, ltb.run("a", model="m", dataset="d", client=client) as run:

        def half(descriptor: int, data: bytes) -> int:
            return write(descriptor, data[: len(data) // 2])

        monkeypatch.setattr(os, "write", half)
        run.log(score=float("nan"))
        monkeypatch.undo()
    assert "kept in no file (the disk of" in caplog.text
