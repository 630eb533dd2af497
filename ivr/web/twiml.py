"""Writes answers as TwiML, the carrier's XML; no other module knows TwiML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from twilio.twiml.voice_response import VoiceResponse

from ivr.flow.tempo import USUAL
from ivr.flow.verbs import EARLY_KEYS_SECONDS, CardPrompt, CardStep, Dial, Gather, GoOn, HangUp, Pay
from ivr.languages import LANGUAGES
from ivr.line.answer import Answer, SpokenWords
from ivr.prompts.recordings.folder import Recording, Recordings
from ivr.prompts.recordings.playlist import recordings_and_words

DIAL_SECONDS = 30
"""How many seconds a person's telephone rings before the caller is told that nobody answers."""

MOST_CARD_TRIES = 3
"""How often the carrier asks for each part of a card. The words after the second failed try are for a fourth try, too:
the carrier's documentation can be read as counting the repeats."""

MOST_LETTERS = 4096
"""The most characters that the carrier takes in one <Say>."""

_SENTENCES = re.compile(
    rf"(.{{1,{MOST_LETTERS - 1}}}[.?!](?=\s|$)|.{{1,{MOST_LETTERS}}}(?=\s|$)|.{{1,{MOST_LETTERS}}})\s*", re.DOTALL
)
"""Matches as many whole sentences as fit in one <Say>, or words if no sentence fits, or characters if no word does."""


_CARD_STEPS: Mapping[CardStep, str] = {
    "number": "payment-card-number",
    "expiry": "expiration-date",
    "code": "security-code",
    "processing": "payment-processing",
}
_CARD_ERRORS: Mapping[tuple[CardStep, str], str] = {
    ("number", "silence"): "timeout",
    ("number", "wrong"): "invalid-card-number",
    ("number", "brand"): "invalid-card-type",
    ("expiry", "silence"): "timeout",
    ("expiry", "wrong"): "invalid-date",
    ("code", "silence"): "timeout",
    ("code", "wrong"): "invalid-security-code",
}
_ATTEMPTS = {1: "2", 2: "3 4"}
"""The attempts that a card prompt is for, by the failed tries before it."""
_CODE_ON_FRONT, _CODE_ON_BACK = "amex", "visa mastercard discover"


class Signer(Protocol):
    """Signs turn URLs, which nobody may guess; in a line that takes calls it is the vault."""

    def sign(self, text: str) -> str:
        """Return the code for a text."""

    def signed(self, text: str, code: str) -> bool:
        """Return whether a code was made for a text."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """Writes answers as TwiML.

    `vault` signs turn URLs, `path` precedes them, and `person_number` is the number that 0 connects to.
    """

    vault: Signer
    path: str
    person_number: str | None
    token_type: Literal["reusable", "payment-method"] = "reusable"  # noqa: S105 - a kind, no secret
    """The kind of token that the processor takes from the carrier."""
    recordings: Callable[[], Recordings] = Recordings
    """Returns the recordings, which are played in place of the words that they say."""

    def answer(self, answer: Answer, caller_id: Callable[[], str | None] = lambda: None) -> str:
        """Return the TwiML of an answer.

        A person's telephone shows what `caller_id` returns, or else the caller's number. It is a function because few
        answers connect to a person, and judging a number takes a while.
        """
        response, url = VoiceResponse(), self.turn_url(answer.sid, answer.turn, answer.language)
        match answer.verb:
            case Gather() as gather:
                # Words are spoken within <Gather>, so that a key pressed during them counts, except for facts that
                # must be heard whole. The redirect is for a carrier that goes on when nothing was keyed.
                self.say(response, answer.words[: gather.uncut])
                if gather.uncut:
                    self._take_early_keys(response, url)
                gather_verb = response.gather(
                    input="dtmf",
                    action=url,
                    method="POST",
                    timeout=gather.next_key,
                    num_digits=gather.most,
                    finish_on_key="#" if gather.pound_ends else "",
                    action_on_empty_result=True,
                )
                self.say(gather_verb, answer.words[gather.uncut :])
                if gather.extra_wait > 0:
                    gather_verb.pause(length=gather.extra_wait)
                response.redirect(url, method="POST")
            case GoOn():
                self.say(response, answer.words)
                response.redirect(url, method="POST")
            case Dial():
                self.say(response, answer.words)
                self._dial(response, url, caller_id())
            case Pay() as pay:
                self.say(response, answer.words)
                self._pay(response, url, pay, answer)
                response.redirect(url, method="POST")
            case HangUp():
                self.say(response, answer.words)
                response.hangup()
        return str(response)

    def turn_url(self, sid: str, turn: int, language: str) -> str:
        """Return the URL for a call's turn, which cannot be guessed or used by another call."""
        return f"{self.path}/voice/turn/{turn}/{self.vault.sign(f'{sid} {turn}')}?language={language}"

    def is_turn_of(self, sid: str, turn: int, mac: str) -> bool:
        """Return whether a turn URL's signature was made for this call and turn."""
        return self.vault.signed(f"{sid} {turn}", mac)

    def come_back(self, words: Iterable[SpokenWords], url: str, seconds: int) -> str:
        """Return TwiML that speaks, waits some seconds and requests a URL, which is the same turn's."""
        response = VoiceResponse()
        self.say(response, words)
        response.pause(length=seconds)
        response.redirect(self.path + url, method="POST")
        return str(response)

    def dial(self, words: Iterable[SpokenWords], url: str, caller_id: str | None) -> str:
        """Return TwiML that speaks and connects the caller to a person; the carrier posts the result to `url`."""
        response = VoiceResponse()
        self.say(response, words)
        self._dial(response, self.path + url, caller_id)
        return str(response)

    def hang_up(self, words: Iterable[SpokenWords]) -> str:
        """Return TwiML that speaks and ends the call."""
        response = VoiceResponse()
        self.say(response, words)
        response.hangup()
        return str(response)

    def _take_early_keys(self, response: VoiceResponse, url: str) -> None:
        """Take the keys that were pressed before or during words that no key may cut short; without any, go on.

        Some carriers keep such keys for the next question, where those of a ZIP code keyed twice would order.
        """
        response.gather(
            input="dtmf", action=f"{url}&early=1", method="POST", timeout=EARLY_KEYS_SECONDS, finish_on_key=""
        )

    def _dial(self, response: VoiceResponse, url: str, caller_id: str | None) -> None:
        response.dial(self.person_number, action=url, method="POST", timeout=DIAL_SECONDS, caller_id=caller_id)

    def _pay(self, response: VoiceResponse, url: str, pay: Pay, answer: Answer) -> None:
        """Have the carrier exchange a card for a token. It charges nothing, as no amount is given."""
        pay_verb = response.pay(
            input="dtmf",
            action=url,
            payment_method="credit-card",
            timeout=pay.wait,
            max_attempts=MOST_CARD_TRIES,
            security_code=True,
            postal_code="false",
            token_type=self.token_type,
            valid_card_types=f"{_CODE_ON_BACK} {_CODE_ON_FRONT}",
            language=LANGUAGES[answer.language].pay_locale,
        )
        for prompt, words in zip(pay.prompts, answer.card_words, strict=True):
            self.say(pay_verb.prompt(**_prompt_attributes(prompt)), words)

    def say(self, verb: Any, words: Iterable[SpokenWords]) -> None:
        """Add words to a verb, each in its language, voice and tempo; recorded ones are played.

        A recording has only the usual tempo, so at any other all words are spoken.
        """
        for spoken in words:
            recordings = self.recordings() if spoken.rate == USUAL else Recordings()
            for part in recordings_and_words(spoken.pieces, recordings, spoken.language.partition("-")[0]):
                if isinstance(part, Recording):
                    verb.play(self.path + part.address)
                    continue
                for text in speakable(part):
                    if spoken.rate == USUAL:
                        verb.say(text, voice=spoken.voice, language=spoken.language)
                    else:
                        say = verb.say(voice=spoken.voice, language=spoken.language)
                        say.prosody(text, rate=f"{spoken.rate}%")


def _prompt_attributes(prompt: CardPrompt) -> dict[str, str]:
    """Return the attributes of <Prompt>, which tell the carrier when to speak it."""
    attributes = {"for_": _CARD_STEPS[prompt.step]}
    if prompt.error:  # the first words are for any attempt, since a carrier may begin anew with the number
        attributes["attempt"] = _ATTEMPTS[prompt.tries]
        attributes["error_type"] = _CARD_ERRORS[prompt.step, prompt.error]
    if prompt.on_front is not None:
        attributes["card_type"] = _CODE_ON_FRONT if prompt.on_front else _CODE_ON_BACK
    return attributes


def speakable(text: str) -> list[str]:
    """Return a text in as few parts as the carrier's limit allows, split between sentences if possible."""
    return [text] if len(text) <= MOST_LETTERS else [part[1] for part in _SENTENCES.finditer(text)]
