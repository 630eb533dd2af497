"""Publishing on a line that runs: several processes, edits of real files, calls in progress, a restart in between."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from databases import Databases
from demo_line import PROJECT, fill_demo
from hearing import source, words
from test_serve import (
    DEPLOYED,
    NOON,
    PROGRAMS,
    PUBLIC,
    TOKEN,
    Server,
    behind_proxy,
    environment,
    gunicorn,
    running,
    serve,
    telephone,
)

from ivr.phone.handset import Handset
from ivr.phone.transport import http_post, signed
from ivr.secret import Secret

WORKERS = 2
FAREWELL = "goodbye: Farewell."
LONGEST_WAIT_S = 90
"""Seconds before a test gives up; what it asks for takes two on a machine with nothing else to do."""
MOST_SECONDS = 30
"""From the edit to the last worker, on a machine that runs other tests meanwhile."""


def events(server: Server, name: str, version: str = "") -> list[dict[str, str]]:
    """Return what the workers logged."""
    lines = (json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{"))
    return [line for line in lines if line["event"] == name and version in (line.get("version"), "")]


def seen_by_all(server: Server, name: str, version: str = "", already: int = 0) -> list[datetime]:
    """Wait until every worker has logged an event once more; return when each did."""
    end = time.monotonic() + LONGEST_WAIT_S
    while len(found := events(server, name, version)) < already + WORKERS:
        assert time.monotonic() < end, server.log.read_text()
        time.sleep(0.05)
    return [datetime.fromisoformat(event["timestamp"]) for event in found[already:]]


def version(server: Server) -> str:
    return str(json.loads(http_post()(f"{server.url}/readyz", None, {}).body)["version"])


@pytest.mark.parametrize(
    ("command", "kind"),
    [(serve("--workers", str(WORKERS)), "sqlite"), (gunicorn, "postgresql")],
    ids=["serve on sqlite", "gunicorn on postgresql"],
)
def test_edits_and_rollbacks_reach_every_worker_and_no_call_in_progress(
    command: Callable[[int], list[str]], kind: str, databases: Databases, tmp_path: Path
) -> None:
    if kind == "postgresql" and databases.missing:
        pytest.skip(databases.missing)
    shutil.copytree(PROJECT / "prompts", tmp_path / "prompts")
    farewell, bye = tmp_path / "prompts" / "en" / "main.yaml", words("main.goodbye")
    with databases.fresh(kind, fill_demo) as url:
        settings = {**DEPLOYED, "DATABASE_URL": url, "IVR_NOW": NOON, "IVR_PUBLIC_URL": PUBLIC}
        settings |= {"IVR_PROMPTS": str(tmp_path / "prompts"), "IVR_PUBLISH": "saved"}
        servers: list[Server] = []
        calls = [call(servers) for _ in range(4)]
        with running(command, settings, tmp_path) as server:
            servers.append(server)
            first = version(server)
            begin(calls[0], calls[1])
            edited_at = datetime.now(UTC)
            farewell.write_text(farewell.read_text().replace(source("main.goodbye"), FAREWELL))
            taken = seen_by_all(server, "answering_with")
            assert (max(taken) - edited_at).total_seconds() < MOST_SECONDS
            assert calls[0].press("9").text.endswith(bye)
            begin(calls[2])
            second = version(server)
            good = farewell.read_text()
            farewell.write_text("\tFarewell.")
            seen_by_all(server, "edit_refused")
            assert version(server) == second
            farewell.write_text(good)
            run = [str(PROGRAMS / "ivr"), "rollback", first]
            done = subprocess.run(run, cwd=PROJECT, env=environment(settings), capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            seen_by_all(server, "answering_with", first)
            assert server.stop() == 0
            assert len(events(server, "published")) == 2
        with running(command, settings, tmp_path) as server:
            servers.append(server)
            assert version(server) == first
            begin(calls[3])
            assert [phone.press("9").text for phone in calls[1:]] == [bye, "Farewell.", bye]


def test_a_draft_waits_on_every_worker_and_across_a_restart_until_it_is_asked_for(
    databases: Databases, tmp_path: Path
) -> None:
    shutil.copytree(PROJECT / "prompts", tmp_path / "prompts")
    goodbye, command = tmp_path / "prompts" / "en" / "main.yaml", serve("--workers", str(WORKERS))
    with databases.fresh("sqlite", fill_demo) as url:
        settings = {**DEPLOYED, "DATABASE_URL": url, "IVR_NOW": NOON, "IVR_PUBLIC_URL": PUBLIC}
        settings["IVR_PROMPTS"] = str(tmp_path / "prompts")
        with running(command, settings, tmp_path) as server:
            first = version(server)
            goodbye.write_text(goodbye.read_text().replace(source("main.goodbye"), FAREWELL))
            seen_by_all(server, "draft_kept")
            assert version(server) == first
            assert server.stop() == 0
        goodbye.write_text(goodbye.read_text().replace(FAREWELL, "goodbye: Go {farewell}."))
        with running(command, settings, tmp_path) as server:
            seen_by_all(server, "edit_refused")
            assert version(server) == first
            goodbye.write_text(goodbye.read_text().replace("goodbye: Go {farewell}.", FAREWELL))
            seen_by_all(server, "draft_kept")
            run = [str(PROGRAMS / "ivr"), "publish", "--yes"]
            done = subprocess.run(run, cwd=PROJECT, env=environment(settings), capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            seen_by_all(server, "answering_with")
            assert version(server) != first
            assert events(server, "published") == []
            assert server.stop() == 0


def call(servers: list[Server]) -> Handset:
    """Return a telephone whose carrier reaches the newest server."""
    return telephone(signed(lambda *request: behind_proxy(servers[-1])(*request), Secret(TOKEN)), PUBLIC)


def begin(*phones: Handset) -> None:
    for phone in phones:
        phone.dial()
        phone.press("13")
