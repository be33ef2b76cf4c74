"""The programs of the README run as they are printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Service

README = (Path(__file__).parents[1] / "README.md").read_text()
PROGRAMS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("program", PROGRAMS, ids=range(len(PROGRAMS)))
def test_a_program_of_the_readme_runs(program: str, service: Service) -> None:
    env = {**os.environ, "LTB_URL": service.http, "LTB_API_KEY": service.key}
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], env=env, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr) == (0, "")
