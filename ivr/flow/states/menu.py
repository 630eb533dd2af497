"""`menu`: asks for one key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ivr.flow.language import EVERY_LANGUAGE, KEYS, LIMIT_FIELDS, PROMPT, TARGET, VALUE
from ivr.flow.live_call import LiveCall
from ivr.flow.parts import Choices
from ivr.flow.reading import StateReader, read_fields
from ivr.flow.states.base import Look
from ivr.flow.states.question import QuestionState
from ivr.prompts.spoken import Value
from ivr.yaml_reader import Record, Text, field

CHOICES = Record(
    "choices",
    {
        "of": field(Text("The value that holds the list; an action writes it.")),
        "option": field(Text("The prompt that speaks one of them, with its {key:digits}.")),
        "save": field(VALUE),
        "next": field(TARGET),
    },
    "Options known only in the call, keyed from 1 up.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuState(QuestionState):
    """Asks for one key."""

    word = "menu"
    noun = "menu"
    called = "menu"
    look = Look("#dbeafe", "#1d4ed8", ("(", ")"), corner=9)
    record = Record(
        "menu",
        {
            "menu": field(PROMPT),
            "first": field(
                Text("The prompt with the facts that a key confirms, which no key cuts short."), required=False
            ),
            "keys": field(KEYS, required=False),
            "choices": field(CHOICES, required=False),
            **LIMIT_FIELDS,
            "every_language": EVERY_LANGUAGE,
        },
        "Ask for one key.",
        at_least_one=(frozenset({"keys"}), frozenset({"choices"})),
    )

    @classmethod
    def complete(cls, parts: dict[str, Any], node: StateReader) -> dict[str, Any]:
        """Return the parts with the choices, and report a menu that takes no key."""
        # An unknown field was reported already, and may be a misspelt `keys`.
        all_known = set(node.node.fields or ()) == set(node.fields)
        is_empty = "keys" in node.fields and node.fields["keys"].fields == {}
        if all_known and (not cls.record.is_chosen(node.fields) or is_empty):
            node.report.add(node.node.place, f'menu "{node.name}" takes no key')
        return {**parts, "choices": _read_choices(node)}

    def answer(self, keys: str, call: LiveCall) -> None:
        """Handle the first key: a key of the menu's own, a choice, or a key that every menu takes."""
        key = keys[0]
        if (target := self.keys.get(key)) and call.can_take(target):
            self.leave(key, target, call)
        elif self.choices and (item := _chosen_item(call.values.get(self.choices.of), key)) is not None:
            call.values[self.choices.save] = item
            self.leave("choice", self.choices.next, call)
        elif not self.take_shared(key, call):
            self.miss("wrong", call)


def _chosen_item(items: Value, key: str) -> Value:
    number = "123456789".find(key) + 1
    return items[number - 1] if isinstance(items, tuple | list) and 1 <= number <= len(items) else None


def _read_choices(node: StateReader) -> Choices | None:
    if "choices" not in node.fields:
        return None
    written = node.fields["choices"]
    fields = written.shaped(node.report, "choices", CHOICES)
    parts = read_fields(fields, CHOICES, node.report)
    return Choices(written.place, **parts, places=written.places()) if all(parts.values()) else None
