"""What callers wait for and hear while workers are killed, one a second, or the line is restarted.

Callers think for some seconds before each key. A telephone does as the carrier does by its defaults: a connection that
cannot be made is tried once more, any other failure goes to the fallback URL. A wait is from a key to the next words.

With `--how kill` workers are killed at random; with `hup` the line gets SIGHUP; with `hosts` there are two lines on one
database, and each in turn is stopped with SIGTERM and started again, while callers go to the one that answers.

    python bench/outages.py [--how kill] [--every 1] [--callers 200] [--seconds 60] [--server ivr] [--kind postgresql]
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from databases import KINDS, Databases
from hearing import hears
from servers import SERVERS, Line, children, running

from ivr.phone.handset import Ended, Handset, Heard
from ivr.phone.transport import NO_ANSWER, Reply, Transport, http_post, signed
from ivr.secret import Secret

from demo_line import fill_demo  # isort: skip

TOKEN = "a-token-for-a-bench"
PUBLIC = "https://refills.example"
NOON = "2026-03-02T12:00"
MEMBERS = {"41200017": "94550", "41200702": "93230", "41203442": "55446", "41203990": "88240"}
MOST_WAIT_SECONDS = 15
"""How long the carrier waits for an answer, and callers may wait for words."""
APOLOGIES = ("away.broken", "away.goodbye", "sorry.again")


@dataclass
class Observed:
    """What all callers together waited for and heard."""

    waits: list[float] = field(default_factory=list)
    heard: Counter[str] = field(default_factory=Counter)


def carrier_post(post: Transport, hosts: Sequence[str], observed: Observed) -> Transport:
    """Send requests of the public address to the hosts in turn, and try the next where no connection can be made."""
    turns = cycle(hosts)

    def ask(url: str, form: Mapping[str, str] | None, headers: Mapping[str, str]) -> Reply:
        for _ in range(2):
            reply = post(url.replace(PUBLIC, next(turns)), form, headers)
            if not (reply.status == NO_ANSWER and "refused" in reply.body):
                break
            observed.heard["connection refused"] += 1
        if reply.status not in (200, 204):
            observed.heard[f"failed: {reply.status} {reply.body[:60]}"] += 1
        return reply

    return ask


def keys(chance: random.Random) -> Iterator[str]:
    """Give the keys of one call: identify, look at the refills, ask about an order, say goodbye."""
    member, zip_code = chance.choice(list(MEMBERS.items()))
    yield from ("1", "1", f"{member}#", zip_code, "1", "1")
    yield from ("*",) * 3


def caller(hosts: Sequence[str], until: float, think: float, seed: int, observed: Observed) -> None:
    """Call again and again until the time is over."""
    chance = random.Random(seed)
    post = signed(carrier_post(http_post(MOST_WAIT_SECONDS), hosts, observed), Secret(TOKEN))
    time.sleep(chance.random() * think)
    while time.monotonic() < until:
        phone = Handset(
            post, f"{PUBLIC}/voice", f"+1510555{seed:04d}", "+18002457979", f"CA{chance.getrandbits(128):032x}"
        )
        observed.heard["calls"] += 1
        heard = _timed(phone.dial, observed)
        for pressed in keys(chance):
            if isinstance(heard.waiting, Ended) or time.monotonic() > until:
                break
            time.sleep(chance.uniform(0.5, 1.5) * think)
            heard = _timed(partial(phone.press, pressed), observed)
        if isinstance(heard.waiting, Ended) and heard.waiting.reason != "line hung up":
            observed.heard[f"ended: {heard.waiting.reason}"] += 1
        phone.hang_up()


def _timed(act: Callable[[], Heard], observed: Observed) -> Heard:
    begun = time.monotonic()
    heard = act()
    observed.waits.append(time.monotonic() - begun)
    observed.heard.update(name for name in (*APOLOGIES, "away.one_moment", "away.retry") if hears(heard.text, name))
    return heard


def kill_workers(lines: Sequence[Line], until: float, every: float, observed: Observed) -> None:
    """Kill a worker at random, again and again."""
    while time.monotonic() < until:
        time.sleep(every)
        workers = [worker for line in lines for worker in children(line.process.pid)]
        if workers:
            os.kill(random.choice(workers), signal.SIGKILL)
            observed.heard["killed"] += 1


def hang_up_lines(lines: Sequence[Line], until: float, every: float, observed: Observed) -> None:
    """Send the lines SIGHUP, again and again."""
    while time.monotonic() < until - every:
        time.sleep(every)
        for line in lines:
            line.process.send_signal(signal.SIGHUP)
            observed.heard["restarted"] += 1


def restart_hosts(lines: Sequence[Line], until: float, every: float, observed: Observed) -> None:
    """Stop each line in turn and start it again."""
    for line in cycle(lines):
        time.sleep(every)
        if time.monotonic() > until:
            return
        line.restart()
        observed.heard["restarted"] += 1


HOW = {"kill": kill_workers, "hup": hang_up_lines, "hosts": restart_hosts}


@contextmanager
def served(kind: str, server: str, workers: int, hosts: int) -> Iterator[list[Line]]:
    """Run so many lines on one database with the demo pharmacy."""
    folder = Path(tempfile.mkdtemp())
    databases = Databases(folder)
    with ExitStack() as stack:
        url = stack.enter_context(databases.fresh(kind, fill_demo))
        settings = {
            "DATABASE_URL": url, "TWILIO_AUTH_TOKEN": TOKEN, "IVR_NOW": NOON, "IVR_PUBLIC_URL": PUBLIC,
            "IVR_SECRET_KEY": "cmVoZWFyc2FsLXJlaGVhcnNhbC1yZWhlYXJzYWwtMTI=",
        }  # fmt: skip
        yield [stack.enter_context(running(SERVERS[server](workers), settings, folder)) for _ in range(hosts)]
    databases.close()


def main() -> None:
    """Call and kill for a while, then print what was waited for and heard."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--callers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--how", choices=HOW, default="kill")
    parser.add_argument("--every", type=float, default=1, help="seconds between two outages; 0 makes none")
    parser.add_argument("--think", type=float, default=4)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--server", choices=SERVERS, default="ivr")
    parser.add_argument("--kind", choices=KINDS, default="postgresql")
    chosen = parser.parse_args()
    observed = Observed()
    with served(chosen.kind, chosen.server, chosen.workers, 2 if chosen.how == "hosts" else 1) as lines:
        until = time.monotonic() + chosen.seconds
        hosts = [line.url for line in lines]
        with ThreadPoolExecutor(chosen.callers) as callers:
            calls = [
                callers.submit(caller, hosts, until, chosen.think, seed, observed) for seed in range(chosen.callers)
            ]
            if chosen.every:
                HOW[chosen.how](lines, until, chosen.every, observed)
        for call in calls:
            call.result()
        tracebacks = sum(line.log.read_text().count("Traceback") for line in lines)
    waits = sorted(observed.waits)
    print(
        f"{chosen.how}: {chosen.server}, {chosen.workers} workers, {chosen.kind}, {chosen.callers} callers, {chosen.seconds:.0f} s"
    )
    print(f"turns {len(waits)}, {len(waits) / chosen.seconds:.0f} a second, tracebacks {tracebacks}")
    marks = statistics.quantiles(waits, n=1000)
    print(
        f"waits: median {marks[499] * 1000:.0f} ms, p99 {marks[989] * 1000:.0f} ms, longest {waits[-1] * 1000:.0f} ms"
    )
    for what, count in observed.heard.most_common():
        print(f"{count:7} {what}")


if __name__ == "__main__":
    main()
