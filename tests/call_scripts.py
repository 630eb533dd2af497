"""A pytest plugin that plays the call scripts in `calls/*.yaml` as tests, one for each language of a script."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ivr.errors import Report
from ivr.qa.replay.player import play
from ivr.qa.replay.report import failure
from ivr.qa.scripts.names import vocabulary_of
from ivr.qa.scripts.reader import read_scripts
from ivr.qa.scripts.script import Script
from ivr.qa.scripts.vocabulary import Vocabulary
from ivr.settings import Settings
from ivr.simulator.simulator import Simulator

CALLS = Path(__file__).parent / "calls"


@cache
def simulator() -> Simulator:
    """Return the simulator, built once per process; each script still plays with a pharmacy of its own."""
    return Simulator(Settings())


@cache
def vocabulary() -> Vocabulary:
    """Return the names that scripts may use."""
    return vocabulary_of(simulator().catalogues)


class CallFile(pytest.File):
    """A file of call scripts, which collects one test per script and language."""

    def collect(self) -> Iterable[pytest.Item]:
        report = Report()
        name = str(self.path.relative_to(self.config.rootpath))
        scripts = read_scripts(name, self.path.read_text(encoding="utf-8"), report, vocabulary())
        if report.problems:
            raise self.CollectError("\n".join(map(str, report.problems)))
        yield from self._calls(scripts)

    def _calls(self, scripts: Iterable[Script]) -> Iterator[pytest.Item]:
        for script in scripts:
            for language in script.languages(simulator().catalogues.languages):
                item: Call = Call.from_parent(self, name=f"{script.name} [{language}]")
                item.script, item.language = script, language
                yield item


class Call(pytest.Item):
    """The test that plays one script in one language."""

    script: Script
    language: str

    def runtest(self) -> None:
        played = play(self.script, simulator(), self.language)
        if not played.passed:
            pytest.fail(failure(played), pytrace=False)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.script.place.line - 1, self.name


def pytest_collect_file(parent: Any, file_path: Path) -> CallFile | None:
    """Return a collector for files below `calls/`; pytest calls this hook for every file."""
    if file_path.suffix == ".yaml" and CALLS in file_path.parents:
        collected: CallFile = CallFile.from_parent(parent, path=file_path)
        return collected
    return None
