"""Reads a folder of flows or prompts, for tests that load them."""

from __future__ import annotations

from pathlib import Path

from ivr.errors import Report
from ivr.yaml_reader import texts_below


def read_folder(folder: Path) -> dict[str, str]:
    """Return relative path -> text of the YAML files below a folder; raise DefinitionError if any cannot be read."""
    report = Report()
    texts = texts_below(folder, report, str(folder))
    report.raise_if_any()
    return {name: text for name, text in texts.items() if text is not None}
