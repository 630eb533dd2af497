"""An order takes no more seconds and keys than it may, and hearing every word adds at most a third."""

from __future__ import annotations

import pytest
from demo_line import DemoLine
from order_costs import CALLS, MOST_FOR_EVERY_WORD, OrderCall, cost


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("kind", ["sqlite"])
def test_an_order_keeps_to_its_budget(demo_line: DemoLine, call: OrderCall) -> None:
    took = cost(demo_line, call)
    assert took.seconds <= call.most_seconds
    assert call.most_keys is None or took.keys <= call.most_keys
    assert took.whole_seconds <= took.seconds * MOST_FOR_EVERY_WORD
