"""The harness that every action runs behind in tests refuses what is not declared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from demo_line import IDENTIFIED, DemoLine
from promises import BROKEN, BrokenPromiseError, held_to_promise

from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE, ActionSpec, Items
from ivr.line.actions import ACTIONS, ExternalAction, TransactionalAction
from ivr.prompts import phrase
from ivr.prompts.spoken import Values

SPEC = ActionSpec(
    {
        "found": {
            "total": "money",
            "day": "date",
            "what": "phrase",
            "choices": "list",
            "id": OPAQUE,
            "place": "address",
        },
        "none": {},
    },
    reads=frozenset({"keyed"}),
    forgets=frozenset({"keyed"}),
    items={"choices": Items({"ending": "digits"})},
    phrases={"what": {"medicine.ending": {"ending": "digits"}}},
)
WRITTEN: Values = {
    "total": 12,
    "day": "2026-03-02",
    "what": (phrase("medicine.ending", ending="552"),),
    "choices": ({"ending": "552", "id": 7},),
    "id": 7,
    "place": {"city": "Oakland", "state": "CA"},
}
CALL: Values = {"keyed": "1", "spare": "2", "other": "3"}


def broken() -> list[str]:
    """Return the promises that were broken on purpose, and forget them: the test is not to fail for them."""
    found = [*BROKEN]
    BROKEN.clear()
    return found


def play(run: Callable[[Any, Values], Done], spec: ActionSpec = SPEC) -> Done:
    held = held_to_promise("toy", TransactionalAction(spec, run, may_read=frozenset({"spare"})))
    assert isinstance(held, TransactionalAction)
    context: Any = None
    return held.run(context, CALL)


def test_what_is_declared_passes() -> None:
    def reads(_: Any, values: Values) -> Done:
        assert (values["keyed"], values.get("spare"), "spare" in values) == ("1", "2", True)
        return Done("found", WRITTEN, ("keyed",))

    assert play(reads).values == WRITTEN


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (lambda _, values: Done(values.get("other")), '"toy" reads "other"'),
        (lambda _, values: Done("none" if "other" in values else "found"), '"toy" reads "other"'),
        (lambda _, values: Done(next(iter(values))), '"toy" looks through all values'),
        (lambda *_: Done("lost"), '"toy" comes to "lost"'),
        (lambda *_: Done("none", {"total": 12}), '"toy" writes [\'total\'] with "none"'),
        (lambda *_: Done("found", {}), "\"toy\" promises ['choices',"),
        (lambda *_: Done("none", forgets=("spare",)), "\"toy\" forgets ['spare']"),
        (lambda *_: Done("found", {**WRITTEN, "total": "12"}), "writes \"total\" as '12', which is no money"),
        (lambda *_: Done("found", {**WRITTEN, "day": ""}), "which is no date"),
        (lambda *_: Done("found", {**WRITTEN, "place": "Oakland"}), "which is no address"),
        (lambda *_: Done("found", {**WRITTEN, "what": phrase("medicine.named", drug="x")}), "which is no phrase"),
        (lambda *_: Done("found", {**WRITTEN, "what": phrase("medicine.ending")}), "which is no phrase"),
        (lambda *_: Done("found", {**WRITTEN, "choices": ({"ending": 552},)}), "which is no list"),
    ],
)
def test_what_is_not_declared_is_refused(run: Callable[[Any, Values], Done], told: str) -> None:
    with pytest.raises(BrokenPromiseError) as refused:
        play(run)
    assert told in str(refused.value)
    assert broken() == [str(refused.value)]


def test_each_part_of_an_external_action_is_held() -> None:
    def reads(_: Any, values: Values) -> Done:
        return Done("found" if values["other"] else "none")

    context: Any = None
    held = held_to_promise("toy", ExternalAction(SPEC, reads, lambda *_: None, lambda *_: Done("lost")))
    assert isinstance(held, ExternalAction)
    with pytest.raises(BrokenPromiseError, match='reads "other"'):
        held.claim(context, CALL)
    with pytest.raises(BrokenPromiseError, match='comes to "lost"'):
        held.finish(context, None, None)
    assert len(broken()) == 2


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_call_that_is_played_goes_through_it(demo_line: DemoLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller only hears an apology, so the test that plays the call is failed for it (`pytest_runtest_call`)."""
    real = ACTIONS["list_cards"]
    assert isinstance(real, TransactionalAction)
    toy = TransactionalAction(real.spec, lambda _, values: Done("none", {"cards": values["zip"], "expired": ()}))
    monkeypatch.setitem(ACTIONS, "list_cards", held_to_promise("list_cards", toy))
    demo_line.call(f"{IDENTIFIED}192")
    assert "sorry.again" in demo_line.last_prompts
    assert broken() == ['"list_cards" reads "zip", which it does not declare']
