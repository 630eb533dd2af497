"""How long a turn takes: the interpreter alone, and a whole turn against a hand-written handler doing the least it could.

The hand-written one is what a careful developer would write for one question without any of this project: Flask and
twilio, the same SQLAlchemy pool and durability, the signature checked, one session row locked, read and written, the
same TwiML rendered. Both answer the same requests in the same run, in turns, on SQLite and, where it is reachable, on
PostgreSQL. Run: python bench/turn.py [--turns 2000]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, Response, abort, request
from sqlalchemy import Column, Engine, Integer, MetaData, Table, Text, insert, select, text, update
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import VoiceResponse

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from databases import Databases

from ivr import logs
from ivr.flow.call import Call, Done, Keys, Started
from ivr.flow.interpreter import advance
from ivr.line.actions import SPECS
from ivr.line.build import publish_current
from ivr.line.digests import Digest
from ivr.line.service import Services
from ivr.line.versions import Versions, load, read_files
from ivr.pages.app import make_app
from ivr.payment.sandbox import Sandbox
from ivr.payment.vault import Vault
from ivr.pharmacy.database import open_database
from ivr.pharmacy.demo import load_demo
from ivr.pharmacy.rules import Rules
from ivr.phone.transport import signature
from ivr.secret import Secret
from ivr.settings import Settings

PROJECT = Path(__file__).parent.parent
TOKEN = Secret("bench-token")
VERSION = load(read_files(PROJECT / "flows", PROJECT / "prompts"), SPECS)
MENU = VERSION.catalogues.by_language["en"].words("main.menu", {"person_offer": ()})
CALL = {
    "From": "+15105550123",
    "To": "+18002457979",
    "CallStatus": "in-progress",
    "Direction": "inbound",
    "ApiVersion": "2010-04-01",
}
MIXES = {
    "turns of the line's own": ("", "1", "*", "6", "*", "1", "12*", "*", "1*", "41200017", "*", "5*"),
    "turns of an ordering call": ("", "1", "1", "41200017", "94550", "1", "*", "9", "3", "*", "1", "*"),
}
"""Twelve turns each: the first asks nothing of the pharmacy, as the hand-written handler does not; the second looks up
member, prescriptions, address and cards on the way, which the hand-written one is spared."""


TO_REACH = {"turns of the line's own": 0.95, "turns of an ordering call": 0.85}
"""Of the hand-written handler's rate."""


def interpreter_alone(rounds: int = 3000) -> float:
    """Return microseconds a turn of the interpreter takes, words not counted."""
    flows, times = VERSION.flows, []
    for _ in range(rounds):
        call, spent, turns = Call("en"), 0.0, 0
        for event in (
            Started(),
            Done("unknown"),
            Keys(Secret("1")),
            Keys(Secret("1")),
            Done("unknown"),
            Keys(Secret("41200017")),
            Keys(Secret("94550")),
        ):
            began = time.perf_counter()
            step = advance(flows, call, event)
            spent += time.perf_counter() - began
            call, turns = step.call, turns + 1
        times.append(spent / turns * 1e6)
    return statistics.median(times)


def ours(url: str, draw: Callable[[], int] = lambda: 1) -> tuple[Flask, Engine]:
    database = open_database(url)
    vault = Vault([Secret("YmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtMTI=")])
    line = Services(
        database, Versions(VERSION, SPECS), vault, Digest(vault.signing_key), Sandbox(),
        lambda: datetime.now(UTC), ZoneInfo("America/Los_Angeles"), Rules(), False, draw,
    )  # fmt: skip
    publish_current(line, database)
    return make_app(line, Settings(twilio_auth_tokens=(TOKEN,))), database


def hand_written(url: str) -> tuple[Flask, Engine]:
    app, database = Flask("hand"), open_database(url)
    session = Table(
        "hand_session",
        MetaData(),
        Column("sid", Text, primary_key=True),
        Column("turn", Integer),
        Column("state", Text),
        Column("reply", Text),
    )
    session.create(database, checkfirst=True)
    validator = RequestValidator(TOKEN.reveal())

    @app.post("/voice")
    @app.post("/voice/<int:turn>")
    def voice(turn: int = 0) -> Response:
        form = request.form
        if not validator.validate(request.url, form, request.headers.get("X-Twilio-Signature", "")):
            abort(403)
        with database.begin() as connection:
            row = connection.execute(
                select(session).where(session.c.sid == form["CallSid"]).with_for_update()
            ).one_or_none()
            if row is None:
                connection.execute(insert(session).values(sid=form["CallSid"], turn=0, state="{}", reply=""))
                state: dict[str, Any] = {}
            else:
                state = json.loads(row.state)
            state[f"answer {turn}"] = form.get("Digits", "")
            response = VoiceResponse()
            gather = response.gather(
                input="dtmf",
                action=f"/voice/{turn + 1}",
                method="POST",
                timeout=6,
                num_digits=1,
                finish_on_key="",
                action_on_empty_result=True,
            )
            gather.say(MENU, voice="Polly.Joanna-Neural", language="en-US")
            response.redirect(f"/voice/{turn + 1}", method="POST")
            reply = str(response)
            connection.execute(
                update(session)
                .where(session.c.sid == form["CallSid"])
                .values(turn=turn, state=json.dumps(state), reply=reply)
            )
        return Response(reply, content_type="text/xml")

    return app, database


def one_call(app: Flask, sid: str, mix: tuple[str, ...], wait: Callable[[float], None]) -> None:
    """Play one call of twelve turns; tell how long each took, the request's own making apart."""
    client, url = app.test_client(), "https://line.example/voice"
    for keys in mix:
        form = {**CALL, "CallSid": sid, **({"Digits": keys} if keys else {})}
        headers = {"X-Twilio-Signature": signature(TOKEN, url, form.items())}
        began = time.perf_counter()
        reply = client.post(url, data=form, headers=headers)
        wait(time.perf_counter() - began)
        assert reply.status_code == 200, reply.data
        action = reply.get_data(as_text=True).split('action="')[1].split('"')[0].replace("&amp;", "&")
        url = "https://line.example" + action


def side_by_side(url: str, mix: tuple[str, ...], calls: int) -> tuple[float, float]:
    """Return the milliseconds a turn takes, ours and hand-written, calls in turns so that the machine treats both alike."""
    (mine, database), (other, other_database) = ours(url), hand_written(url)
    times: dict[str, list[float]] = {"ours": [], "hand": []}
    for number in range(calls):
        for name, app in (("ours", mine), ("hand", other)):
            warm = number >= calls // 10
            one_call(
                app,
                f"CA{name}{hash(mix)}{number}".replace("-", "m"),
                mix,
                times[name].append if warm else lambda _: None,
            )
    database.dispose()
    other_database.dispose()
    return statistics.median(times["ours"]) * 1e3, statistics.median(times["hand"]) * 1e3


@contextmanager
def demo_databases() -> Iterator[Iterator[tuple[str, str]]]:
    with tempfile.TemporaryDirectory() as folder:
        made = Databases(Path(folder))

        def fill(engine: Engine) -> None:
            load_demo(engine, datetime.now(UTC).date())
            if engine.dialect.name == "postgresql":
                with engine.begin() as connection:
                    connection.execute(text("SELECT 1"))

        def each() -> Iterator[tuple[str, str]]:
            for kind in ("sqlite", "postgresql"):
                if kind == "postgresql" and made.missing:
                    print(f"postgresql: {made.missing}")
                    continue
                with made.fresh(kind, fill) as url:
                    yield kind, url

        yield each()
        made.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100, help="calls of 12 turns on each side")
    calls = parser.parse_args().calls
    logs.configure(open(os.devnull, "w"))  # noqa: SIM115, PTH123 - as long as this process
    print(f"interpreter alone: {interpreter_alone():.1f} µs a turn (to reach: under 30)")
    with demo_databases() as kinds:
        for kind, url in kinds:
            for name, mix in MIXES.items():
                mine, hand = side_by_side(url, mix, calls)
                print(
                    f"{kind}, {name}: {mine:.2f} ms, hand-written {hand:.2f} ms: {hand / mine:.2f} of its rate "
                    f"(to reach: {TO_REACH[name]})"
                )


if __name__ == "__main__":
    main()
