"""Commands for those who edit flows and prompts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Literal

import click

from ivr.cli.findings import RECORDING, CheckFinding, find, render
from ivr.cli.group import collecting_nothing, folders_read, settings, shown
from ivr.cli.published import published
from ivr.flow.files import file_shape
from ivr.prompts import shapes
from ivr.prompts.lint import RULES
from ivr.settings import Settings
from ivr.yaml_reader import Shape, json_schema


def _scripts() -> Shape:
    from ivr.qa.scripts import shapes as scripts  # a check of flows knows nothing of scripts

    return scripts.FILE


SCHEMAS: Mapping[str, tuple[str, Callable[[], Shape]]] = {
    "flows": ("A file of the call flow", file_shape),
    "prompts": ("A file of prompts", lambda: shapes.FILE),
    "scripts": ("A file of call scripts", _scripts),
}
"""What there is a schema of: its title, and its shape."""

ReportFormat = Literal["text", "json", "github"]


@click.command()
@click.option("--json", "form", flag_value="json", help="Print findings as JSON.")
@click.option("--github", "form", flag_value="github", help="Print findings as GitHub shows them beside the lines.")
@click.option("--strict", is_flag=True, help="Take warnings for errors.")
@click.option(
    "--ignore", multiple=True, type=click.Choice(sorted({*RULES, RECORDING})), help="Leave out warnings of this kind."
)
@click.option("--quiet", is_flag=True, help="Print errors only.")
@click.option("--watch", is_flag=True, help="Check again whenever a file changes, until stopped.")
def check(form: ReportFormat | None, strict: bool, ignore: tuple[str, ...], quiet: bool, watch: bool) -> None:
    """Check flows, prompts and recordings: every problem at once, as file:line:column.

    Errors keep an edit from being published; warnings say what would be better, with their kind in brackets.

    Example: ivr check --strict --ignore long
    """
    chosen = settings()

    def run() -> int:
        with collecting_nothing():
            return _check(chosen, form or "text", strict, ignore, quiet)

    if not watch:
        sys.exit(run())
    from watchfiles import watch as watch_files  # only for those who have it wait

    again(run, watch_files(chosen.flows, chosen.prompts, raise_interrupt=False))


def again(run: Callable[[], int], changes: Iterable[object]) -> None:
    """Run now, and once for each change."""
    run()
    for _ in changes:
        click.echo("")
        run()


def _check(chosen: Settings, form: ReportFormat, strict: bool, ignore: tuple[str, ...], quiet: bool) -> int:
    """Print what there is to say, and return the exit code."""
    found = find(shown(chosen.flows), shown(chosen.prompts), lambda: published(chosen.database_url))
    findings = [
        replace(one, is_error=one.is_error or strict)
        for one in found.findings
        if one.rule not in ignore and (one.is_error or not quiet)
    ]
    for line in render(form, findings):
        click.echo(line, err=form == "text" and bool(findings))
    if form == "text":
        click.echo(_summary(findings, found.summary))
    click.echo(folders_read(chosen), err=form != "text")
    return 1 if any(one.is_error for one in findings) else 0


def _summary(findings: list[CheckFinding], summary: str) -> str:
    errors = sum(one.is_error for one in findings)
    warnings = len(findings) - errors
    told = _count(errors, "problem") + (f", {_count(warnings, 'warning')}" if warnings else "")
    if any(one.is_new is not None for one in findings):
        new = sum(bool(one.is_new) for one in findings)
        told += f"; {new or 'none'} new since what callers hear"
    return f"{summary}: {told}" if summary else told


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


@click.command()
@click.argument("subject", type=click.Choice(sorted(SCHEMAS)))
def schema(subject: str) -> None:
    """Print the JSON Schema that an editor completes and underlines by.

    Example: ivr schema flows > flows.schema.json
    """
    title, shape = SCHEMAS[subject]
    click.echo(json.dumps(json_schema(shape(), title), indent=2, ensure_ascii=False))
