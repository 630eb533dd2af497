"""What `/metrics` tells: of turns, calls, the card processor and what waits; to whom; and never anything of a caller."""

from __future__ import annotations

import base64
import io
import logging
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from databases import Databases
from demo_line import IDENTIFIED, DemoLine, fill_demo, with_settings
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.parser import text_string_to_metric_families
from test_serve import DEPLOYED, TOKEN, running, serve, telephone

from ivr import logs
from ivr.line.sweeper import Sweeper
from ivr.pages import metrics_folder
from ivr.pages.app import make_app
from ivr.pages.metrics import WATCHED_EVENTS, Metrics
from ivr.pages.throttle import MOST_WRONG
from ivr.pages.timed_gateway import kind_of
from ivr.payment.gateway import Authorized, NotFound, Reason, Refused
from ivr.payment.sandbox import Fault, Sandbox
from ivr.pharmacy.database import open_database
from ivr.phone.handset import Waiting
from ivr.phone.transport import http_post, signed
from ivr.secret import Secret
from ivr.settings import Settings

PASSWORD = "correct horse battery"
CARD = "4242424242424242#" + "1230" + "123" + "2"
DECLINED = CARD.replace("4242424242424242", "4000000000000002")
Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


class Watched:
    """A demo line whose metrics are watched, with the events of its log."""

    def __init__(self, demo_line: DemoLine, settings: Settings | None = None, sandbox: Sandbox | None = None) -> None:
        self.metrics = Metrics()
        logs.configure(io.StringIO(), watch=self.metrics.count_event)
        gateway = sandbox or demo_line.services.gateway
        self.services = self.metrics.timed(replace(demo_line.services, gateway=gateway))
        self.line = demo_line.copy_with(
            services=self.services, app=make_app(self.services, settings or Settings(), self.metrics)
        )

    def text(self, **headers: str) -> str:
        reply = self.line.app.test_client().get("/metrics", base_url="http://localhost", headers=headers)
        assert reply.status_code == 200, reply.text
        return reply.text

    def value(self, name: str, **labels: str) -> float:
        return samples(self.text()).get((name, frozenset(labels.items())), 0.0)


def samples(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    handlers, config = logging.getLogger().handlers[:], structlog.get_config()
    yield
    logging.getLogger().handlers = handlers
    structlog.configure(**config)


@pytest.fixture
def watched(demo_line: DemoLine) -> Watched:
    return Watched(demo_line)


only_sqlite = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)


# What is counted


def test_a_call_is_counted_with_what_it_came_to(watched: Watched) -> None:
    phone, _ = watched.line.call(IDENTIFIED + "1")
    assert watched.value("ivr_calls_in_progress") == 1
    phone.press("7")
    phone.retry()
    phone.hang_up()
    value, turns = watched.value, len(watched.line.turns)
    assert value("ivr_turn_seconds_count", outcome="answered") == turns
    assert value("ivr_turn_seconds_count", outcome="repeated") == 1
    assert value("ivr_calls_started_total") == 1
    assert value("ivr_calls_ended_total", ending="caller_hung_up", outcome="ordered") == 1
    assert value("ivr_call_seconds_sum") == pytest.approx(phone.seconds, abs=0.1)
    assert value("ivr_orders_placed_total") == 1
    assert value("ivr_actions_total", action="place_order", outcome="pending") == 1
    assert value("ivr_actions_total", action="authorize_order", outcome="paid") == 1
    assert value("ivr_gateway_answers_total", operation="authorize", answer="authorized") == 1
    assert value("ivr_gateway_seconds_count", operation="authorize") == 1
    assert value("ivr_calls_in_progress") == 0
    assert value("ivr_ready") == 1


@only_sqlite
def test_a_declined_card_is_counted_by_the_reason(watched: Watched) -> None:
    watched.line.call(f"{IDENTIFIED}1929{DECLINED}7")
    assert watched.value("ivr_gateway_answers_total", operation="authorize", answer="declined") == 1
    assert watched.value("ivr_actions_total", action="authorize_order", outcome="declined") == 1


def test_what_waits_is_told_from_the_database(demo_line: DemoLine) -> None:
    watched = Watched(demo_line, sandbox=Sandbox(lambda operation: Fault.DOWN if operation == "authorize" else None))
    before = watched.value("ivr_orders_waiting", status="pending", reason="")
    watched.line.call(f"{IDENTIFIED}17")
    watched.line.clock.now += timedelta(minutes=5)
    assert watched.value("ivr_orders_waiting", status="pending", reason="") == before + 1
    assert watched.value("ivr_orders_waiting", status="held", reason="address") >= 1
    assert watched.value("ivr_payments_unresolved") == 1
    assert watched.value("ivr_payments_unresolved_oldest_seconds") >= 300
    assert watched.value("ivr_gateway_answers_total", operation="authorize", answer="unavailable") >= 1


def test_the_age_of_the_last_sweep_is_told(watched: Watched) -> None:
    assert watched.value("ivr_sweep_age_seconds") == math.inf, "there was none yet"
    assert Sweeper(watched.services, timedelta(days=90)).sweep() is not None
    assert 0 <= watched.value("ivr_sweep_age_seconds") < 3600


@only_sqlite
def test_wrong_tries_and_locks_are_counted(watched: Watched) -> None:
    for _ in range(3):
        watched.line.call("11" + "41200017#00000" * 2)
    assert watched.value("ivr_actions_total", action="find_member", outcome="no_match") == 5
    assert watched.value("ivr_actions_total", action="find_member", outcome="locked") == 1


@only_sqlite
def test_turns_are_counted_by_what_they_were_answered_with(demo_line: DemoLine) -> None:
    watched = Watched(demo_line)
    phone, _ = watched.line.call("1")
    waiting = phone._now()
    assert isinstance(waiting, Waiting)
    action = waiting.gather.action.removeprefix("http://localhost")
    client, form = watched.line.app.test_client(), {"CallSid": phone.call_sid, "Digits": "1"}

    def post(url: str, **more: str) -> None:
        client.post(url, data={**form, **more}, base_url="http://localhost")

    post(action, CallSid="CA" + "f" * 32)  # another call's
    watched.line.run("UPDATE call SET acting_until = :until", until="2999-01-01 00:00:00")
    post(action)
    watched.line.run("DELETE FROM call")
    post(action)
    away = replace(watched.services, database=open_database("postgresql://me@127.0.0.1:1/refills"))
    make_app(away, Settings(), watched.metrics).test_client().post("/voice", data=form, base_url="http://localhost")
    for outcome in ("refused", "busy", "unknown", "away"):
        assert watched.value("ivr_turn_seconds_count", outcome=outcome) == 1, outcome
    assert watched.value("ivr_database_away_total", sqlstate="none") == 1


@only_sqlite
def test_an_apology_is_counted(demo_line: DemoLine) -> None:
    class Broken(Sandbox):
        def tokenize(self, *_: object, **__: object) -> Refused:
            raise RuntimeError("broken")

    watched = Watched(demo_line, sandbox=Broken())
    watched.line.call(f"{IDENTIFIED}1929{CARD}")
    assert watched.value("ivr_turn_seconds_count", outcome="apology") == 1
    assert watched.value("ivr_log_events_total", event="turn_failed") == 1


@only_sqlite
def test_workers_are_counted_by_the_version_they_answer_with(watched: Watched) -> None:
    version = watched.services.versions.current
    assert watched.value("ivr_workers", version=version.hash) == 1
    assert watched.value("ivr_published_version_info", version=version.hash) == 1
    watched.services.versions.current = replace(version, hash="newer")
    watched.line.call()
    assert (watched.value("ivr_workers", version="newer"), watched.value("ivr_workers", version=version.hash)) == (1, 0)


def test_a_database_that_is_away_is_counted_by_the_class_of_its_code() -> None:
    metrics = Metrics()
    for code in ("57P01", "25006", "SQLITE_FULL", "HV000", None):
        metrics.count_event("database_away", {"sqlstate": code})
    found = {
        sample.labels["sqlstate"]: sample.value
        for sample in next(iter(metrics._away.collect())).samples
        if sample.value
    }
    assert found == {"57": 1, "25": 1, "sqlite": 1, "none": 2}


def test_an_answer_of_the_processor_is_one_of_a_few_words() -> None:
    assert [kind_of(answer) for answer in (Authorized("x"), Refused(Reason.EXPIRED_CARD), NotFound())] == [
        "authorized",
        "expired_card",
        "not_found",
    ]


# Labels


@only_sqlite
def test_strangers_make_no_label(demo_line: DemoLine) -> None:
    watched = Watched(demo_line, Settings(twilio_auth_tokens=(Secret(TOKEN),), staff_password=Secret(PASSWORD)))
    before, client = series(watched), watched.line.app.test_client()
    for path in ("/voice", "/voice/turn/1/x", "/voice/%00", "/", "/metrics", "/metrics/x", "/studio/x", "/VOICE/x"):
        for method in ("GET", "POST", "PUT", "BREW"):
            client.open(
                path, method=method, base_url="https://line.example", data={"CallSid": "CA1", "From": "canary"},
                headers={"X-Twilio-Signature": "canary", "Authorization": "Basic Y2FuYXJ5OmNhbmFyeQ=="},
            )  # fmt: skip
    after = series(watched)
    assert after == before
    assert "canary" not in str(after)


def series(watched: Watched) -> set[tuple[str, frozenset[tuple[str, str]]]]:
    headers = {"Authorization": f"Basic {base64.b64encode(f'x:{PASSWORD}'.encode()).decode()}", "X-Real-Ip": "10.0.0.1"}
    reply = watched.line.app.test_client().get(
        "/metrics", base_url="https://line.example", headers=headers, environ_overrides={"REMOTE_ADDR": "10.0.0.1"}
    )
    return set(samples(reply.text))


def test_events_that_are_watched_are_logged() -> None:
    logged = "".join(path.read_text(encoding="utf-8") for path in (Path(logs.__file__).parent).rglob("*.py"))
    for event in WATCHED_EVENTS:
        assert f'("{event}"' in logged


# Who may see them


@pytest.fixture
def closed(demo_line: DemoLine) -> DemoLine:
    return with_settings(demo_line, Settings(staff_password=Secret(PASSWORD), public_url="https://line.example"))


def ask(line: DemoLine, password: str | None) -> int:
    sent = {"Authorization": f"Basic {base64.b64encode(f'x:{password}'.encode()).decode()}"} if password else {}
    return line.app.test_client().get("/metrics", base_url="http://localhost", headers=sent).status_code


@only_sqlite
def test_from_elsewhere_they_need_the_staff_password(closed: DemoLine) -> None:
    assert [ask(closed, password) for password in (None, "wrong", PASSWORD)] == [401, 401, 200]
    assert ask(with_settings(closed, Settings(public_url="https://line.example")), None) == 403


@only_sqlite
def test_they_are_told_while_the_database_is_away(closed: DemoLine) -> None:
    away = replace(closed.services, database=open_database("postgresql://me@127.0.0.1:1/refills"))
    line = with_settings(
        closed.copy_with(services=away), Settings(staff_password=Secret(PASSWORD), public_url="https://line.example")
    )
    assert ask(line, PASSWORD) == 200
    assert [ask(line, "wrong") for _ in range(MOST_WRONG + 1)] == [401] * MOST_WRONG + [503]
    assert ask(line, PASSWORD) == 503, "whoever guesses meanwhile gets no further"


@only_sqlite
def test_a_line_that_is_not_ready_says_so(demo_line: DemoLine) -> None:
    away = replace(demo_line.services, database=open_database("postgresql://me@127.0.0.1:1/refills"))
    found = samples(make_app(away, Settings()).test_client().get("/metrics", base_url="http://localhost").text)
    assert found["ivr_ready", frozenset()] == 0
    assert ("ivr_calls_in_progress", frozenset()) not in found
    assert ("ivr_turn_seconds_count", frozenset({("outcome", "away")})) in found


# The folder that workers share


@pytest.fixture
def no_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give the folder of temporary files, and let whatever is set in the environment be as it was afterwards."""
    monkeypatch.setenv(metrics_folder.VARIABLE, "")
    monkeypatch.delenv(metrics_folder.VARIABLE)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def dead_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        return process.pid


def test_workers_of_one_parent_share_a_folder_that_is_theirs_alone(no_folder: Path) -> None:
    metrics_folder.join()
    folder = Path(os.environ.pop(metrics_folder.VARIABLE))
    assert folder.parent == no_folder
    assert folder.stat().st_mode & 0o777 == 0o700
    metrics_folder.join()
    assert os.environ[metrics_folder.VARIABLE] == str(folder)


def test_folders_of_lines_that_are_over_are_removed(no_folder: Path) -> None:
    left = no_folder / f"ivr-metrics-{os.getuid()}-{dead_process()}-123-1"
    left.mkdir()
    metrics_folder.join()
    assert not left.exists()


def test_a_folder_that_another_worker_takes_away_meanwhile_is_no_matter(
    no_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = no_folder / f"ivr-metrics-{os.getuid()}-{dead_process()}-123-1"
    left.mkdir()
    start_of = metrics_folder._start_of

    def take_away(pid: int) -> str:
        if left.exists():
            left.rmdir()
        return start_of(pid)

    monkeypatch.setattr(metrics_folder, "_start_of", take_away)
    metrics_folder.join()
    assert metrics_folder.VARIABLE in os.environ


@pytest.mark.usefixtures("no_folder")
def test_a_folder_that_somebody_else_may_read_is_not_used() -> None:
    metrics_folder.join()
    Path(os.environ.pop(metrics_folder.VARIABLE)).chmod(0o755)
    with structlog.testing.capture_logs() as logged:
        metrics_folder.join()
    assert [line["event"] for line in logged] == ["metrics_not_shared"]
    assert metrics_folder.VARIABLE not in os.environ


def test_without_room_for_its_files_a_worker_counts_alone(no_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    monkeypatch.setenv(metrics_folder.VARIABLE, str(no_folder / "named"))
    with structlog.testing.capture_logs() as logged:
        metrics_folder.join()
    assert [(line["event"], line["reason"]) for line in logged] == [("metrics_not_shared", "No space left on device")]
    assert metrics_folder.VARIABLE not in os.environ


def test_counts_of_the_dead_stay_and_their_gauges_go(tmp_path: Path) -> None:
    for pid, count in ((dead_process(), 3.0), (dead_process(), 4.0), (os.getpid(), 5.0)):
        for kind, name in (("counter", "calls_total"), ("gauge_livesum", "workers")):
            file: Any = MmapedDict(str(tmp_path / f"{kind}_{pid}.db"))  # type: ignore[no-untyped-call]  # theirs
            file.write_value(mmap_key(name.removesuffix("_total"), name, [], [], ""), count, 0.0)
            file.close()
    for _ in range(2):
        found = {metric.name: metric.samples[0].value for metric in metrics_folder.shared_counts(tmp_path)}
        assert found == {"calls": 12.0, "workers": 5.0}
    assert sorted(path.name for path in tmp_path.glob("counter_*")) == ["counter_0.db", f"counter_{os.getpid()}.db"]


def test_any_worker_tells_what_all_did_and_those_that_were_killed(databases: Databases, tmp_path: Path) -> None:
    with databases.fresh("sqlite", fill_demo) as url:
        settings = {**DEPLOYED, "DATABASE_URL": url, "IVR_STAFF_PASSWORD": PASSWORD, "TMPDIR": str(tmp_path)}
        with running(serve("--workers", "2"), settings, tmp_path) as server:
            headers = {"Authorization": f"Basic {base64.b64encode(f'x:{PASSWORD}'.encode()).decode()}"}

            def scraped() -> Samples:
                return samples(http_post(10)(f"{server.url}/metrics", None, headers).body)

            def workers() -> float:
                return sum(value for (name, _), value in scraped().items() if name == "ivr_workers")

            wait_until(lambda: workers() == 2)
            post = signed(http_post(), Secret(TOKEN))
            for _ in range(8):
                telephone(post, server.url).dial()
            answered = "ivr_turn_seconds_count", frozenset({("outcome", "answered")})
            assert {scraped()[answered] for _ in range(8)} == {8.0}
            killed = int(max(metrics_folder_of(tmp_path).glob("counter_[1-9]*.db")).stem.rpartition("_")[2])
            os.kill(killed, signal.SIGKILL)
            wait_until(lambda: not list(metrics_folder_of(tmp_path).glob(f"*_{killed}.db")) if scraped() else False)
            assert scraped()[answered] == 8.0
            wait_until(lambda: workers() == 2)


def metrics_folder_of(temporary: Path) -> Path:
    (found,) = temporary.glob("ivr-metrics-*")
    return found


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)
