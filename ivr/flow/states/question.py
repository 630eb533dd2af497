"""What every question has in common: it is asked, helped with after silence and after a wrong key, and given up."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ivr.flow.call import Event, Keys, Resumed, Silence
from ivr.flow.live_call import LiveCall
from ivr.flow.parts import PERSON_OFFERS, REPEAT, Limits, Target
from ivr.flow.states.base import Role, State
from ivr.flow.verbs import Gather, Speak, Variant
from ivr.prompts.spoken import Value

HABIT_SECONDS = 2.0
"""A pound that comes sooner after the reply was pressed with the answer before it, by habit or twice: nobody can have
heard by then what it would do here. Measured from the reply, so the carrier's way there and back is in it."""

FIRST_OFFER = 2
"""The help from which on a person is offered, where one can be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionState(State):
    """Asks for keys. Nobody stays in it for ever, and a key that was lost only has it asked again."""

    role: ClassVar[Role] = Role.QUESTION
    says: ClassVar[str] = "the question"

    prompt: str
    limits: Limits

    @property
    def most_keys(self) -> int:
        """The keys after which a caller is not waited for any longer."""
        return self.number.most_keys if self.number else 1

    @property
    def wait(self) -> int:
        """The seconds waited for a key: where there is only one, it is the first."""
        return self.limits.first_key if self.most_keys == 1 else self.limits.next_key

    @abstractmethod
    def answer(self, keys: str, call: LiveCall) -> None:
        """Do what keys come to that are no slip of the fingers."""

    def enter(self, call: LiveCall) -> None:
        """Ask."""
        self.ask(call)

    def take(self, event: Event, call: LiveCall) -> None:
        """Take keys for an answer, and their lack for silence."""
        keys = event.keys.reveal() if isinstance(event, Keys) else ""
        by_habit = call.after_keys and isinstance(event, Keys | Silence) and event.after < HABIT_SECONDS
        twice = by_habit and call.after_zero and keys == "0" and self.one_key and "0" not in self.keys
        call.after_keys = isinstance(event, Keys)
        call.after_zero = keys.endswith("0")
        if (by_habit and keys == "#") or twice:
            self.ask(call)  # a key of the answer before it, pressed twice, must not lead away
        elif keys or (isinstance(event, Keys) and self.number):
            self.answer(keys, call)
        elif isinstance(event, Resumed):
            self.ask(call)  # what was keyed never arrived: the question is asked again, and nothing counted
        elif isinstance(event, Silence) and self.number and event.after < self.wait:
            self.end_early(call, by_habit=by_habit)  # too soon for silence: a carrier that does not name the key
        else:
            self.miss("silence", call)

    def end_early(self, call: LiveCall, *, by_habit: bool = False) -> None:
        """Do what pound comes to that ends nothing."""
        if by_habit:
            self.ask(call)
        elif self.pound:
            self.leave("pound", self.pound, call)
        else:
            self.miss("silence", call)

    def leave(self, label: str, target: Target, call: LiveCall) -> None:
        """Go on with an answer."""
        call.words = []
        call.leave(label, target)

    def take_shared(self, key: str, flow: str, call: LiveCall) -> None:
        """Do what a key means in every question: ask again, or break in with a flow."""
        call.trace_step(key)
        if flow == REPEAT:
            self.ask(call)
        else:
            call.words = []
            call.interrupt(flow)

    def miss(self, kind: Variant, call: LiveCall) -> None:
        """Help after silence or a wrong key; in the end, give up."""
        tries = call.count(self.name, kind)
        if tries < (self.limits.silence if kind == "silence" else self.limits.wrong):
            call.trace_step(kind)
            self.ask(call, kind, tries)
        elif kind == "silence" and self.pound:
            self.leave("pound", self.pound, call)
        else:
            because = call.line.gives_up.get(kind)
            cut_off = call.words if kind == "wrong" and self.one_key else []  # an order number, perhaps
            call.words = [*cut_off, *([call.speak(because)] if because and tries > 1 else [])]
            call.give_up(self.name)

    def ask(self, call: LiveCall, variant: Variant = "say", tries: int = 1) -> None:
        """Ask, and end the turn.

        What led to the question is said again with it: a wrong key where one key answers cut it off, an order number
        perhaps. A silent caller has heard it all, and before a number stands only what was wrong with the last one.
        """
        again = variant == "say" or (variant == "wrong" and self.one_key)
        before = [*(call.words if again else ()), *([call.speak(self.first)] if self.first else ())]
        languages = [] if self.quiet and variant == "say" else call.languages(every_language=self.every_language)
        options = self._options(call)
        asked = (call.speak(self.prompt, variant, tries, language, options) for language in languages)
        longer = max(self.limits.first_key - self.wait, 0)
        words = (*before, *asked, *self._offer(call, variant, tries))
        uncut = len(before) if self.first else 0
        call.close(Gather(words, self.most_keys, bool(self.number), self.wait, longer, uncut))

    def _options(self, call: LiveCall) -> Mapping[str, Value]:
        """Return the choices that its prompt speaks, each with its key."""
        if not self.choices:
            return {}
        items = call.values.get(self.choices.of)
        return {
            "options": tuple(
                {"prompt": self.choices.option, "values": {**item, "key": str(number)}}
                for number, item in enumerate(items if isinstance(items, tuple | list) else (), 1)
                if isinstance(item, dict)
            )
        }

    def _offer(self, call: LiveCall, variant: Variant, tries: int) -> tuple[Speak, ...]:
        """Return the words that offer a person, in the later helps, where one can be had."""
        is_due = variant != "say" and tries >= FIRST_OFFER and call.has_person
        if not is_due or "0" not in self.shared_keys(call.line):
            return ()
        return (call.speak(PERSON_OFFERS["ask" if self.number else "menu"]),)
