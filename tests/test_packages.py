"""What is installed: open ranges for those who install, versions that are known to work together for CI."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parent.parent
PACKAGE = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NEEDED = [Requirement(one) for one in (*PACKAGE["dependencies"], *PACKAGE["optional-dependencies"]["test"])]
KNOWN = {
    canonicalize_name(known.name): known.specifier
    for line in (PROJECT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
    for known in [Requirement(line)]
}


@pytest.mark.parametrize("needed", NEEDED, ids=lambda needed: needed.name)
def test_a_version_that_is_known_to_work_is_in_the_open_range(needed: Requirement) -> None:
    (known,) = KNOWN[canonicalize_name(needed.name)]
    assert known.operator == "=="
    assert known.version in needed.specifier


@pytest.mark.parametrize("needed", NEEDED, ids=lambda needed: needed.name)
def test_ranges_are_open_above(needed: Requirement) -> None:
    assert [one.operator for one in needed.specifier] == [">="]
