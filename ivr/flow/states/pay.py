"""`pay`: lets the carrier take a card. Its digits never come here: the carrier exchanges them for a processor's token."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from ivr.flow.call import CardStepEnded, Event, Silence
from ivr.flow.language import PROMPT, TARGET
from ivr.flow.live_call import LiveCall
from ivr.flow.reading import StateReader, read_fields, read_targets
from ivr.flow.states.base import Look, PromptUse, Role, State
from ivr.flow.verbs import CardPrompt, CardStep, Pay, Variant
from ivr.yaml_reader import Record, Text, field

TAKEN: Final = "taken"
STAR: Final = "star"
TOO_MANY: Final = "too_many_tries"
FAILED: Final = "failed"
HUNG_UP: Final = "hung_up"
HELPS: tuple[Variant, ...] = ("silence", "wrong")
OUTCOMES = Record("pay_outcomes", {name: field(TARGET) for name in (TAKEN, STAR, TOO_MANY, FAILED)})
"""The outcomes of a card step: the carrier has a token (`taken`), the caller pressed star, was wrong or silent too often
(`too_many_tries`), or the carrier or its processor failed (`failed`)."""

STEPS = Record(
    "pay_steps",
    {
        "number": field(PROMPT),
        "brand": field(Text("The prompt that says which cards are taken, before the number is asked for again.")),
        "expiry": field(PROMPT),
        "code": field(PROMPT),
        "code_on_front": field(Text("The prompt for an American Express card's code of four digits.")),
        "processing": field(Text("The prompt spoken while the carrier exchanges the card.")),
    },
    "The prompts that the carrier speaks while it takes a card.",
)
_ASKED: Mapping[str, tuple[CardStep, bool | None]] = {
    "number": ("number", None),
    "expiry": ("expiry", None),
    "code": ("code", False),
    "code_on_front": ("code", True),
}
"""Prompt -> the step that it asks for, and whether that is only for codes printed on the front; None for any card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayState(State):
    """Lets the carrier take a card, and go on with its token.

    No key but star reaches the line meanwhile: star ends the card step, and 0 is a digit like any other.
    """

    word = "pay"
    noun = "card step"
    called = "card step"
    role = Role.ANNOUNCEMENT
    says = "what is said first"
    closes = True
    card_label = TAKEN
    look = Look("#fef3c7", "#b45309", ("[[", "]]"))
    record = Record(
        "pay",
        {"pay": field(PROMPT), "steps": field(STEPS), "outcomes": field(OUTCOMES)},
        "Let the carrier take a card.",
    )
    role_of: ClassVar[Mapping[str, Role]] = {"brand": Role.STATEMENT, "processing": Role.ANNOUNCEMENT}

    prompt: str
    steps: Mapping[str, str]
    """What each prompt is for (a field of `STEPS`) -> its name."""

    @classmethod
    def complete(cls, parts: dict[str, Any], node: StateReader) -> dict[str, Any]:
        """Return the parts with the prompts of the steps, and where each outcome leads."""
        written, report = node.fields, node.report
        steps = written["steps"].shaped(report, "steps", STEPS) if "steps" in written else {}
        outcomes = written["outcomes"].shaped(report, "outcomes", OUTCOMES) if "outcomes" in written else {}
        prompts = read_fields(steps, STEPS, report)
        first: dict[str, str] = {}
        for step, name in prompts.items():
            if name and first.setdefault(name, step) != step:
                report.add(steps[step].place, f'"{step}" and "{first[name]}" both name the prompt "{name}"')
        return {**parts, "steps": prompts, "outcomes": read_targets(outcomes, report)}

    def prompts(self) -> Iterator[PromptUse]:
        """Yield its prompts, with those that the carrier speaks."""
        yield from State.prompts(self)
        for step, name in self.steps.items():
            if name:
                yield PromptUse(self.at(f"steps.{step}"), name, self.role_of.get(step, Role.CARD_STEP))

    def enter(self, call: LiveCall) -> None:
        """Say what comes, and let the carrier take the card."""
        call.words.append(call.speak(self.prompt))
        seconds = call.tempo.seconds(call.line.limits.first_key)
        call.close(Pay(tuple(call.words), tuple(self._card_prompts(call)), seconds))

    def take(self, event: Event, call: LiveCall) -> None:
        """Go on with what the card step came to; a carrier that just goes on has reached its most attempts."""
        if isinstance(event, Silence):
            event = CardStepEnded(TOO_MANY)
        if not isinstance(event, CardStepEnded) or event.outcome == HUNG_UP:  # asked anew, or nobody is there any more
            State.take(self, event, call)
            return
        call.transient_secrets.update(event.card)
        call.hear_announcement()
        call.leave(event.outcome, self.outcomes[event.outcome])

    def _card_prompts(self, call: LiveCall) -> Iterator[CardPrompt]:
        for name, (step, on_front) in _ASKED.items():
            yield CardPrompt(step, (call.speak(self.steps[name]),), on_front=on_front)
            for tries in (1, 2):
                silence, wrong = (call.speak(self.steps[name], variant, tries) for variant in HELPS)
                yield CardPrompt(step, (silence,), tries, "silence", on_front)
                yield CardPrompt(step, (wrong,), tries, "wrong", on_front)
        for tries in (1, 2):
            words = call.speak(self.steps["brand"]), call.speak(self.steps["number"])
            yield CardPrompt("number", words, tries, "brand")
        yield CardPrompt("processing", (call.speak(self.steps["processing"]),))
