"""YAML to `Flows`: read each file, build its states, then hand over to the checker for what needs the whole set.

Every problem of every file is told at once. What the YAML may hold is written down here and nowhere else: one
function a state kind, whose field names are the keys of the language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ivr.errors import Place, Report, did_you_mean
from ivr.flow import language
from ivr.flow.definition import (
    REPEAT,
    Ask,
    Choices,
    Do,
    Flow,
    HangUp,
    Limits,
    Line,
    Menu,
    Run,
    Say,
    State,
    Target,
    Transfer,
)
from ivr.keypad import NAMES
from ivr.wording import is_possible_phone
from ivr.yaml_reader import Node, read

LINE_FILE = "line.yaml"


def read_flows(files: Mapping[str, str], report: Report, root: str = "flows") -> tuple[Line | None, dict[str, Flow]]:
    """Build the line and its flows from the text of their files (relative path -> text)."""
    nodes = {name: read(f"{root}/{name}", text, report) for name, text in sorted(files.items())}
    line_node = nodes.pop(LINE_FILE, None)
    if LINE_FILE not in files:
        report.add(Place(f"{root}/{LINE_FILE}"), "there is no such file; it says what holds for the whole line")
    line = _line(line_node, report) if line_node else None
    flows: dict[str, Flow] = {}
    for node in nodes.values():
        flow = _flow(node, line, report) if node else None
        if flow and flow.name in flows:
            report.add(flow.place, f'flow "{flow.name}" is already in {flows[flow.name].place.file}')
        elif flow:
            flows[flow.name] = flow
    return line, flows


def _line(node: Node, report: Report) -> Line | None:
    fields = node.shaped(report, "the line", language.LINE)
    names = {name: _text(fields, name, report) for name in ("start", "too_many", "too_long", "failed")}
    limits = _limits(fields.get("limits"), None, report)
    numbers = {
        name: fields[name].integer(report, name, low=1) if name in fields else None
        for name in ("longest_call", "most_actions")
    }
    gives_up_node = fields.get("gives_up")
    gives_up = {
        name: value.text(report, f'"{name}"') or ""
        for name, value in (
            gives_up_node.shaped(report, "gives_up", language.GIVES_UP) if gives_up_node else {}
        ).items()
    }
    languages = _called_numbers(fields["languages"], report) if "languages" in fields else {}
    if limits is None or not all(names.values()) or not all(numbers.values()):
        return None
    return Line(
        place=node.place,
        start=names["start"],
        menu_keys=_interruptions(fields.get("menu_keys"), report),
        ask_keys=_interruptions(fields.get("ask_keys"), report),
        too_many=names["too_many"],
        too_long=names["too_long"],
        failed=names["failed"],
        limits=limits,
        gives_up=gives_up,
        longest_call=numbers["longest_call"] or 0,
        most_actions=numbers["most_actions"] or 0,
        languages=languages,
    )


def _called_numbers(node: Node, report: Report) -> dict[str, str]:
    """Return the language that calls to each number begin in; a number is written as the carrier names it."""
    found = {}
    for number, spoken in node.mapping(report, "languages").items():
        found[number] = spoken.text(report, "a language") or ""
        if number != "default" and not is_possible_phone(number):
            digits = "".join(filter(str.isdigit, number))
            meant = f' (did you mean "+{digits if len(digits) > 10 else f"1{digits}"}"?)' if len(digits) > 9 else ""
            report.add(
                node.key_place(number),
                f'"{number}" is no number that is called: it is written with + and its country, in digits only, as in '
                f'"+18005550100"{meant}',
            )
    return found


def _interruptions(node: Node | None, report: Report) -> dict[str, str]:
    fields = node.mapping(report, "keys") if node else {}
    return {
        key: value.text(report, f'the key "{name}"') or REPEAT
        for name, value in fields.items()
        if node and (key := _key(name, node.key_place(name), report))
    }


def _limits(node: Node | None, default: Limits | None, report: Report) -> Limits | None:
    if node is None:
        return default
    shape = language.LIMITS if default else language.LINE_LIMITS
    fields = node.shaped(report, "limits", shape)
    values = {name: value.integer(report, name, low=1, high=language.MOST_PATIENCE) for name, value in fields.items()}
    numbers = {name: value for name, value in values.items() if value is not None}
    if default is None:
        return Limits(**numbers) if len(numbers) == len(shape.fields) else None
    return replace(default, **numbers)


class _FlowReader:
    """Reads the states of one flow, with the defaults that hold in it."""

    def __init__(self, report: Report, limits: Limits, too_many: Target | None) -> None:
        self.report = report
        self.limits = limits
        self.too_many = too_many

    def state(self, name: str, place: Place, node: Node) -> State | None:
        kinds = [kind for kind in language.STATES if kind in (node.fields or {})]
        kind = kinds[0] if kinds else ""
        if kinds == ["say", "do"]:  # an action that answers first
            kind = "do"
        elif len(kinds) != 1:
            found = " and ".join(f'"{kind}"' for kind in kinds) or self._nearest(node)
            self.report.add(node.place, f'state "{name}" should do one of {", ".join(language.STATES)}; found {found}')
            return None
        return STATE_READERS[kind](self, name, place, node)

    def _nearest(self, node: Node) -> str:
        hints = [did_you_mean(field, language.STATES) for field in node.fields or {}]
        return "none" + next((hint for hint in hints if hint), "")

    def say(self, name: str, place: Place, node: Node) -> State | None:
        fields = node.shaped(self.report, f'state "{name}"', language.STATES["say"])
        prompt, target = _text(fields, "say", self.report), self.target(fields.get("next"))
        return Say(name, place, prompt, target, self.flag(fields, "every_language")) if prompt and target else None

    def menu(self, name: str, place: Place, node: Node) -> State | None:
        fields = node.shaped(self.report, f'menu "{name}"', language.STATES["menu"])
        prompt = _text(fields, "menu", self.report)
        keys_node = fields.get("keys")
        keys = {
            key: target
            for key_name, value in (keys_node.mapping(self.report, "keys") if keys_node else {}).items()
            if keys_node
            and (key := _key(key_name, keys_node.key_place(key_name), self.report))
            and (target := self.target(value))
        }
        choices = self.choices(fields.get("choices"))
        known = set(node.fields or ()) == set(fields)  # else a field is misspelt, and told already
        if known and (not language.STATES["menu"].is_chosen(fields) or (keys_node and keys_node.fields == {})):
            self.report.add(node.place, f'menu "{name}" takes no key')
        limits, too_many = self.patience(fields)
        every, first = self.flag(fields, "every_language"), _text(fields, "first", self.report)
        return Menu(name, place, prompt, keys, limits, too_many, choices, every, first) if prompt else None

    def choices(self, node: Node | None) -> Choices | None:
        if node is None:
            return None
        fields = node.shaped(self.report, "choices", language.CHOICES)
        of, option, save = (_text(fields, name, self.report) for name in ("of", "option", "save"))
        target = self.target(fields.get("next"))
        return Choices(of, option, save, target) if of and option and save and target else None

    def ask(self, name: str, place: Place, node: Node) -> State | None:
        fields = node.shaped(self.report, f'question "{name}"', language.STATES["ask"])
        prompt, save = _text(fields, "ask", self.report), _text(fields, "save", self.report)
        target, (low, high) = self.target(fields.get("next")), self.digits(fields.get("digits"))
        limits, too_many = self.patience(fields)
        if not (prompt and save and target):
            return None
        flags = {name: self.flag(fields, name) for name in ("secret", "card", "stars", "quiet")}
        flags["secret"] = flags["secret"] or flags["card"]
        pound = self.target(fields.get("pound"))
        return Ask(name, place, prompt, low, high, save, target, limits, too_many, pound=pound, **flags)

    def digits(self, node: Node | None) -> tuple[int, int]:
        if node is None:
            return 1, 1
        fields = node.shaped(self.report, "digits", language.DIGITS)
        if not language.DIGITS.is_chosen(fields):
            self.report.add(node.place, "digits should be {exactly: …}, or {min: …, max: …}")
            return 1, 1
        low_node, high_node = (fields["exactly"],) * 2 if "exactly" in fields else (fields["min"], fields["max"])
        low = low_node.integer(self.report, "digits", low=1, high=language.MOST_DIGITS) or 1
        high = high_node.integer(self.report, "digits", low=low, high=language.MOST_DIGITS) or low
        return low, high

    def do(self, name: str, place: Place, node: Node) -> State | None:
        fields = node.shaped(self.report, f'state "{name}"', language.STATES["do"])
        action = _text(fields, "do", self.report)
        say = _text(fields, "say", self.report) if "say" in fields else ""
        return Do(name, place, action, self.targets(fields.get("outcomes")), say) if action else None

    def run(self, name: str, place: Place, node: Node) -> State | None:
        fields = node.shaped(self.report, f'state "{name}"', language.STATES["run"])
        flow = _text(fields, "run", self.report)
        return Run(name, place, flow, self.targets(fields.get("ends"))) if flow else None

    def transfer(self, name: str, place: Place, node: Node) -> State | None:
        fields = node.shaped(self.report, f'state "{name}"', language.STATES["transfer"])
        prompt, outcomes = _text(fields, "transfer", self.report), fields.get("outcomes")
        if outcomes:
            outcomes.shaped(self.report, "outcomes", language.TRANSFER_OUTCOME_FIELDS)
        return Transfer(name, place, prompt, self.targets(outcomes)) if prompt else None

    def hang_up(self, name: str, place: Place, node: Node) -> State | None:
        fields = node.shaped(self.report, f'state "{name}"', language.STATES["hang_up"])
        prompt = _text(fields, "hang_up", self.report)
        return HangUp(name, place, prompt) if prompt else None

    def patience(self, fields: Mapping[str, Node]) -> tuple[Limits, Target | None]:
        limits = _limits(fields.get("limits"), self.limits, self.report) or self.limits
        return limits, self.target(fields["too_many"]) if "too_many" in fields else self.too_many

    def flag(self, fields: Mapping[str, Node], name: str) -> bool:
        return bool(name in fields and fields[name].flag(self.report, name))

    def targets(self, node: Node | None) -> dict[str, Target]:
        fields = node.mapping(self.report, "outcomes") if node else {}
        return {name: target for name, value in fields.items() if (target := self.target(value))}

    def target(self, node: Node | None) -> Target | None:
        if node is None:
            return None
        if node.scalar:
            return Target(node.place, state=node.scalar)
        fields = node.shaped(self.report, "a target", language.TARGET_FIELDS)
        texts = {name: _text(fields, name, self.report) for name in ("next", "end", "say", "counts") if name in fields}
        if not language.TARGET_FIELDS.is_chosen(fields):
            self.report.add(node.place, 'a target needs either "next" (a state) or "end" (an end of this flow)')
            return None
        sets = fields["sets"].mapping(self.report, "sets") if "sets" in fields else {}
        return Target(
            node.place,
            state=texts.get("next", ""),
            end=texts.get("end", ""),
            say=texts.get("say", ""),
            counts=texts.get("counts", ""),
            sets={name: value.text(self.report, name) or "" for name, value in sets.items()},
            confirms=self.flag(fields, "confirms"),
        )


STATE_READERS: Mapping[str, Callable[[_FlowReader, str, Place, Node], State | None]] = {
    "say": _FlowReader.say,
    "menu": _FlowReader.menu,
    "ask": _FlowReader.ask,
    "do": _FlowReader.do,
    "run": _FlowReader.run,
    "transfer": _FlowReader.transfer,
    "hang_up": _FlowReader.hang_up,
}


def _flow(node: Node, line: Line | None, report: Report) -> Flow | None:
    fields = node.shaped(report, "a flow", language.FLOW)
    name, start = _text(fields, "flow", report), _text(fields, "start", report)
    states_node = fields.get("states")
    if not (name and start and states_node):
        return None
    default = line.limits if line else Limits(silence=3, wrong=3, first_key=6, next_key=8)
    bare = _FlowReader(report, default, None)
    limits, too_many = bare.patience(fields)
    reader = _FlowReader(report, limits, too_many)
    states: dict[str, State] = {}
    flawed: set[str] = set()
    for state_name, value in states_node.mapping(report, "states").items():
        before = len(report.problems)
        state = reader.state(state_name, states_node.key_place(state_name), value)
        if state:
            states[state_name] = state
        if len(report.problems) > before:
            flawed.add(state_name)
    return Flow(name, node.place, start, states, frozenset(flawed))


def _key(name: str, place: Place, report: Report) -> str | None:
    key = NAMES.get(name, name)
    if (len(key) == 1 and key.isdigit() and key.isascii()) or name in NAMES:
        return key
    report.add(place, f'"{name}" is no key; keys are 0 to 9, star and pound{did_you_mean(name, NAMES)}')
    return None


def _text(fields: Mapping[str, Node], name: str, report: Report) -> str:
    return (fields[name].text(report, f'"{name}"') or "") if name in fields else ""
