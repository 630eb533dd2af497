"""Reads `hears:` and `hears_not:` of a script: a prompt, perhaps with values and an occasion, or words in quotes.

An occasion is a silence or a wrong key, after which a question is asked again in other words. Quoted words that are the
name of a prompt mean that prompt. A value or an occasion that a prompt does not have is a problem at its place, since
it could never be heard.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ivr.errors import Place, Report, did_you_mean
from ivr.languages import LANGUAGES
from ivr.qa.scripts.script import Hears
from ivr.qa.scripts.vocabulary import Vocabulary
from ivr.simulator.world import Pattern
from ivr.yaml_reader import Node

_PROMPT = re.compile(r"(?P<name>[a-z0-9_]+\.[a-z0-9_]+)(?: \((?P<variant>silence|wrong)(?: (?P<tries>[1-9]))?\))?")
_OCCASIONS = {"silence": "a silence", "wrong": "a wrong key"}


@dataclass(frozen=True, slots=True)
class Hearing:
    """A reader of what is to be heard; problems are added to its report."""

    report: Report
    vocabulary: Vocabulary

    def read(self, node: Node, step: str) -> Hears | None:
        """Read the value of a step; `step` is the step's name, for messages. None when there is a problem."""
        if node.fields is not None:
            return self._mapping(node, node.fields, step)
        text = node.text(self.report, f'"{step}"') or ""
        if node.quoted and not self._names_a_prompt(text):
            return Hears(node.place, words={"": text})
        return self._prompt(node.place, text)

    def _names_a_prompt(self, text: str) -> bool:
        match = _PROMPT.fullmatch(text)
        return match is not None and match["name"] in self.vocabulary.prompts

    def _mapping(self, node: Node, fields: Mapping[str, Node], step: str) -> Hears | None:
        if fields and all(name in (self.vocabulary.languages or LANGUAGES) for name in fields):
            words = {language: words.text(self.report, f'"{step}"') or "" for language, words in fields.items()}
            return Hears(node.place, words=words)
        if len(fields) != 1:
            self.report.add(node.place, f'"{step}" takes a prompt, a prompt with values, or words in quotes')
            return None
        ((name, values),) = fields.items()
        hears = self._prompt(node.key_place(name), name)
        if hears is None:
            return None
        return Hears(hears.place, hears.prompt, hears.variant, hears.tries, self._values(hears.prompt, values))

    def _prompt(self, place: Place, text: str) -> Hears | None:
        match = _PROMPT.fullmatch(text)
        if match is None:
            self.report.add(place, f'"{text}" is no prompt\'s name; words that are heard stand in quotes')
            return None
        name, variant, tries = match["name"], match["variant"] or "", int(match["tries"] or 0)
        if self.vocabulary.prompts and name not in self.vocabulary.prompts:
            self.report.add(place, f'there is no prompt "{name}"{did_you_mean(name, self.vocabulary.prompts)}')
            return None
        spoken = self.vocabulary.spoken.get(name)
        if spoken and variant and max(tries, 1) > spoken.helps[variant]:
            self._lacks_help(place, name, variant, spoken.helps[variant])
            return None
        return Hears(place, name, variant, tries)

    def _lacks_help(self, place: Place, name: str, variant: str, most: int) -> None:
        occasion = _OCCASIONS[variant]
        message = f"only {most} of its words for {occasion}" if most else f"no words for {occasion}"
        self.report.add(place, f'"{name}" has {message}: "({variant} {most + 1})" can never be heard')

    def _values(self, prompt: str, node: Node) -> Mapping[str, Pattern]:
        """Read patterns of the values that a prompt should be spoken with."""
        fields = node.mapping(self.report, "values")
        if prompt in self.vocabulary.spoken:
            known_values = sorted(self.vocabulary.spoken[prompt].values)
            for name in fields:
                if name not in known_values:
                    message = did_you_mean(name, known_values) or f"; it has {', '.join(known_values) or 'none'}"
                    self.report.add(node.key_place(name), f'prompt "{prompt}" has no value "{name}"{message}')
        return {name: self._value(value) for name, value in fields.items()}

    def _value(self, node: Node) -> Pattern:
        if node.fields is not None:
            if len(node.fields) == 1 and self._names_a_prompt(name := next(iter(node.fields))):
                return {name: self._values(name, node.fields[name])}
            return {name: self._value(value) for name, value in node.fields.items()}
        if node.items is not None:
            return tuple(self._value(item) for item in node.items)
        return node.scalar or ""
