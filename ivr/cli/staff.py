"""Commands for those who edit flows and prompts: `check` and `schema`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Literal

import click

from ivr.cli.findings import OVER, RECORDING, CheckFinding, check_folders, render
from ivr.cli.group import collecting_nothing, folders_read, settings, shown
from ivr.cli.published import published
from ivr.flow.files import file_shape
from ivr.prompts import shapes
from ivr.prompts.lint import RULES
from ivr.settings import Settings
from ivr.yaml_reader import Shape, json_schema


def _scripts() -> Shape:
    from ivr.qa.scripts import shapes as scripts  # loaded only for the schema: `ivr check` does not need it

    return scripts.FILE


SCHEMAS: Mapping[str, tuple[str, Callable[[], Shape]]] = {
    "flows": ("A file of the call flow", file_shape),
    "prompts": ("A file of prompts", lambda: shapes.FILE),
    "scripts": ("A file of call scripts", _scripts),
}
"""Kind of file -> the title of its schema, and a function that returns its shape."""

ReportFormat = Literal["text", "json", "github"]


@click.command()
@click.option("--json", "form", flag_value="json", help="Print findings as JSON.")
@click.option("--github", "form", flag_value="github", help="Print findings as GitHub shows them beside the lines.")
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@click.option(
    "--ignore",
    multiple=True,
    type=click.Choice(sorted({*RULES, RECORDING, OVER})),
    help="Leave out warnings of this kind.",
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
    from watchfiles import watch as watch_files  # loaded only with --watch

    check_on_changes(run, watch_files(chosen.flows, chosen.prompts, raise_interrupt=False))


def check_on_changes(run: Callable[[], int], changes: Iterable[object]) -> None:
    """Run the check now, and again after each change."""
    run()
    for _ in changes:
        click.echo("")
        run()


def _check(chosen: Settings, form: ReportFormat, strict: bool, ignore: tuple[str, ...], quiet: bool) -> int:
    """Print the findings, and return the exit code."""
    today = chosen.clock()().astimezone(chosen.timezone).date()
    result = check_folders(shown(chosen.flows), shown(chosen.prompts), lambda: published(chosen.database_url), today)
    findings = [
        replace(finding, is_error=finding.is_error or strict)
        for finding in result.findings
        if finding.rule not in ignore and (finding.is_error or not quiet)
    ]
    for line in render(form, findings):
        click.echo(line, err=form == "text" and bool(findings))
    if form == "text":
        click.echo(_findings_summary(findings, result.summary))
    click.echo(folders_read(chosen), err=form != "text")
    return 1 if any(finding.is_error for finding in findings) else 0


def _findings_summary(findings: list[CheckFinding], summary: str) -> str:
    errors = sum(finding.is_error for finding in findings)
    warnings = len(findings) - errors
    counts = _count(errors, "problem") + (f", {_count(warnings, 'warning')}" if warnings else "")
    if any(finding.is_new is not None for finding in findings):
        new = sum(bool(finding.is_new) for finding in findings)
        counts += f"; {new or 'none'} new since what callers hear"
    return f"{summary}: {counts}" if summary else counts


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


@click.command()
@click.argument("subject", type=click.Choice(sorted(SCHEMAS)))
def schema(subject: str) -> None:
    """Print the JSON Schema with which an editor completes words and underlines mistakes.

    Example: ivr schema flows > flows.schema.json
    """
    title, shape = SCHEMAS[subject]
    click.echo(json.dumps(json_schema(shape(), title), indent=2, ensure_ascii=False))
