"""How long an order takes a caller who knows what they want: seconds and keys from the answer to the confirming key.

What is counted, and how, is in `tests/order_costs.py`. Run: python bench/order.py
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from demo_line import TODAY, open_demo_line
from order_costs import CALLS, cost

from ivr import logs
from ivr.pharmacy.database import open_database
from ivr.pharmacy.demo import load_demo


def lines() -> Iterator[str]:
    for name, call in CALLS.items():
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/bench.db"
            engine = open_database(url, durable=False)
            load_demo(engine, TODAY)
            engine.dispose()
            took = cost(open_demo_line(url), call)
        limit = f"{call.most_seconds} s" + (f" and {call.most_keys} keys" if call.most_keys else "")
        more = took.whole_seconds / took.seconds - 1
        yield (
            f"{name}: {took.seconds:.0f} s, {took.keys} keys, {took.words} words (to reach: at most {limit}); "
            f"every word: {took.whole_seconds:.0f} s, {more:.1%} more"
        )


if __name__ == "__main__":
    logs.configure(open(os.devnull, "w"))  # noqa: SIM115, PTH123 - as long as this process
    for line in lines():
        print(line)
