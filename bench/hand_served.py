"""The hand-written handler of `turn.py`, answered by the very server that `ivr serve` has.

DATABASE_URL=… python bench/hand_served.py --port 8001 --workers 2
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from turn import hand_written

from ivr import logs
from ivr.cli.listening import Endpoint, listen
from ivr.cli.supervisor import Supervisor
from ivr.cli.worker import STOP_SECONDS, Worker


def answer(endpoint: Endpoint, ready: Callable[[], object]) -> None:
    """Do a worker's work."""
    app, _ = hand_written(os.environ["DATABASE_URL"])
    app.get("/readyz")(lambda: "ready")
    worker = Worker(app, endpoint.socket)
    ready()
    worker.run()


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    chosen = parser.parse_args()
    endpoint = listen("127.0.0.1", chosen.port)
    logs.configure(sys.stderr)
    hand_written(os.environ["DATABASE_URL"])[1].dispose()  # makes its table, once for all workers
    gc.freeze()
    Supervisor(
        partial(answer, endpoint),
        chosen.workers,
        lambda: False,  # it is not restarted
        lambda workers: None,  # noqa: ARG005 - the same
        endpoint.socket.close,
        stop_seconds=STOP_SECONDS + 2,
    ).run()


if __name__ == "__main__":
    main()
