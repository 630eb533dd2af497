"""YAML to `Flows`: read each file, build its states, then hand over to the checker for what needs the whole set.

Every problem of every file is told at once. What the YAML may hold is written down here and nowhere else: one
function a state kind, whose field names are the keys of the language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import PurePath

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
from ivr.prompts.spoken import is_possible_phone
from ivr.yaml_reader import Node, read

LINE_FILE = "line.yaml"


def read_flows(files: Mapping[str, str | None], report: Report, root: str = "flows") -> tuple[Line, dict[str, Flow]]:
    """Build the line and its flows from the text of their files (relative path -> text, None: told to be unreadable).

    What has a problem is there as far as it could be read, so the result is only good when nothing was reported.
    """
    nodes = {name: read(f"{root}/{name}", text, report) if text is not None else None for name, text in files.items()}
    strays = {name for name, node in nodes.items() if node and _is_stray(name, node, report)}
    if LINE_FILE not in files and not any(PurePath(name).stem.lower() in _LINE_NAMES for name in strays):
        report.add(Place(f"{root}/{LINE_FILE}"), "there is no such file; it says what holds for the whole line")
    read_well = {name: node for name, node in nodes.items() if node and name not in strays}
    line = _line(read_well.get(LINE_FILE), Place(f"{root}/{LINE_FILE}"), report)
    flows: dict[str, Flow] = {}
    for name in sorted(nodes.keys() - {LINE_FILE}):
        flow = _flow(read_well.get(name), Place(f"{root}/{name}"), line, report)
        other = flows.setdefault(flow.name, flow)
        if other is not flow:
            odd, good = (other, flow) if _named_after(other.place) != other.name else (flow, other)
            report.add(odd.at("flow"), f'flow "{odd.name}" is already in {good.place.file}')
            flows[good.name] = good
            flows.setdefault(_named_after(odd.place), _unread(odd.place))
    return line, flows


def _is_stray(name: str, node: Node, report: Report) -> bool:
    """Tell a file that is another than it is called by its fields, once, in the place of all that would follow."""
    wanted, other = (language.LINE, language.FLOW) if name == LINE_FILE else (language.FLOW, language.LINE)
    known, foreign = (len((node.fields or {}).keys() & shape.fields.keys()) for shape in (wanted, other))
    if node.fields is None or (known >= foreign and node.fits(wanted)):
        return False
    report.add(node.place, _STRAYS[wanted.name, other.name if foreign > known else ""])
    return True


_STRAYS = {
    ("line", "flow"): "this is a flow, but the file should say what holds for the whole line; get what it said back",
    ("line", ""): "this does not say what holds for the whole line; get what the file said back",
    ("flow", "line"): f'this says what holds for the whole line, as the file "{LINE_FILE}" should',
    (
        "flow",
        "",
    ): 'this is no flow, which has "flow", "start" and "states"; words belong into the folder of the prompts',
}
"""What is told of a file that should be the first and is the second."""
_LINE_NAMES = ("line", "lines")


def _named_after(place: Place) -> str:
    return PurePath(place.file).stem


def _unread(place: Place) -> Flow:
    """Return what stands for a file that was told of: a flow of its name, so that nothing follows from it."""
    return Flow(place, _named_after(place), "", {}, whole=False)


_ANY_LIMITS = Limits(silence=3, wrong=3, first_key=6, next_key=8)
"""Stand in for those that could not be read, so that the flows can be."""


def _line(node: Node | None, place: Place, report: Report) -> Line:
    fields = node.shaped(report, "the line", language.LINE) if node else {}
    gives_up = fields["gives_up"].shaped(report, "gives_up", language.GIVES_UP) if "gives_up" in fields else {}
    languages = _called_numbers(fields["languages"], report) if "languages" in fields else {}
    return Line(
        place=node.place if node else place,
        start=_text(fields, "start", report),
        menu_keys=_interruptions(fields.get("menu_keys"), report),
        ask_keys=_interruptions(fields.get("ask_keys"), report),
        too_many=_text(fields, "too_many", report),
        too_long=_text(fields, "too_long", report),
        failed=_text(fields, "failed", report),
        limits=_limits(fields.get("limits"), None, report) or _ANY_LIMITS,
        gives_up={name: value.text(report, f'"{name}"') or "" for name, value in gives_up.items()},
        longest_call=_number(fields, "longest_call", report),
        most_actions=_number(fields, "most_actions", report),
        languages=languages,
        places=node.places() if node else {},
    )


def _number(fields: Mapping[str, Node], name: str, report: Report) -> int:
    shape = language.LINE_NUMBERS[name]
    return (fields[name].whole(report, _UNITS.get(name, name), shape) if name in fields else None) or shape.low


_UNITS = {"longest_call": "longest_call, in seconds,"}


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
    values = {name: value.whole(report, name, language.LIMIT_RANGES[name]) for name, value in fields.items()}
    numbers = {name: value for name, value in values.items() if value is not None}
    if default is None:
        return Limits(**numbers) if len(numbers) == len(shape.fields) else None
    return replace(default, **numbers)


_NAMED = ("keys", "outcomes", "ends")
"""Fields whose names say what an answer is called; where it leads has a place of its own."""


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
            slip = "" if kinds else self._nearest(node)
            hint = did_you_mean(slip, language.STATES)
            found = f'"{slip}"{hint}' if slip else " and ".join(f'"{kind}"' for kind in kinds) or "none"
            message = f'state "{name}" should do one of {", ".join(language.STATES)}; found {found}'
            self.report.add(node.key_place(slip), message)
            return None
        return STATE_READERS[kind](self, name, place, node)

    def _nearest(self, node: Node) -> str:
        return next((field for field in node.fields or {} if did_you_mean(field, language.STATES)), "")

    def say(self, name: str, place: Place, node: Node) -> State | None:
        fields = node.shaped(self.report, f'state "{name}"', language.STATES["say"])
        prompt, target = _text(fields, "say", self.report), self.target(fields.get("next"))
        every = self.flag(fields, "every_language")
        return Say(place, name, prompt, target, every, places=node.places()) if prompt and target else None

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
        places = node.places(_NAMED)
        return (
            Menu(place, name, prompt, keys, limits, too_many, choices, every, first, places=places) if prompt else None
        )

    def choices(self, node: Node | None) -> Choices | None:
        if node is None:
            return None
        fields = node.shaped(self.report, "choices", language.CHOICES)
        of, option, save = (_text(fields, name, self.report) for name in ("of", "option", "save"))
        target = self.target(fields.get("next"))
        found = of and option and save and target
        return Choices(node.place, of, option, save, target, places=node.places()) if found and target else None

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
        return Ask(
            place, name, prompt, low, high, save, target, limits, too_many, pound=pound, **flags, places=node.places()
        )

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
        targets = self.targets(fields.get("outcomes"))
        return Do(place, name, action, targets, say, places=node.places(_NAMED)) if action else None

    def run(self, name: str, place: Place, node: Node) -> State | None:
        fields = node.shaped(self.report, f'state "{name}"', language.STATES["run"])
        flow = _text(fields, "run", self.report)
        ends = self.targets(fields.get("ends"))
        return Run(place, name, flow, ends, places=node.places(_NAMED)) if flow else None

    def transfer(self, name: str, place: Place, node: Node) -> State | None:
        fields = node.shaped(self.report, f'state "{name}"', language.STATES["transfer"])
        prompt, outcomes = _text(fields, "transfer", self.report), fields.get("outcomes")
        if outcomes:
            outcomes.shaped(self.report, "outcomes", language.TRANSFER_OUTCOME_FIELDS)
        return Transfer(place, name, prompt, self.targets(outcomes), places=node.places(_NAMED)) if prompt else None

    def hang_up(self, name: str, place: Place, node: Node) -> State | None:
        fields = node.shaped(self.report, f'state "{name}"', language.STATES["hang_up"])
        prompt = _text(fields, "hang_up", self.report)
        return HangUp(place, name, prompt, places=node.places()) if prompt else None

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
        if node.fields is None:
            return None
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
            places=node.places() | {"confirms": node.key_place("confirms")},
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


def _flow(node: Node | None, place: Place, line: Line, report: Report) -> Flow:
    """Build a flow, as far as it can be read."""
    if node is None or node.fields is None:
        if node:
            node.mapping(report, "a flow")
        return _unread(place)
    fields = node.shaped(report, "a flow", language.FLOW)
    name, start = _text(fields, "flow", report) or _named_after(place), _text(fields, "start", report)
    bare = _FlowReader(report, line.limits, None)
    limits, too_many = bare.patience(fields)
    reader = _FlowReader(report, limits, too_many)
    states: dict[str, State] = {}
    flawed: set[str] = set()
    states_node = fields.get("states")
    for state_name, value in (states_node.mapping(report, "states") if states_node else {}).items():
        before = len(report.problems)
        state = reader.state(state_name, states_node.key_place(state_name) if states_node else place, value)
        if state:
            states[state_name] = state
        if len(report.problems) > before:
            flawed.add(state_name)
    slipped = any(value.fields is not None for field, value in node.fields.items() if field not in language.FLOW.fields)
    whole = bool(states_node and states_node.fields) and not slipped  # a state that stands too far to the left
    return Flow(node.place, name, start, states, frozenset(flawed), whole, places=node.places())


def _key(name: str, place: Place, report: Report) -> str | None:
    key = NAMES.get(name, name)
    if (len(key) == 1 and key.isdigit() and key.isascii()) or name in NAMES:
        return key
    report.add(place, f'"{name}" is no key; keys are 0 to 9, star and pound{did_you_mean(name, NAMES)}')
    return None


def _text(fields: Mapping[str, Node], name: str, report: Report) -> str:
    return (fields[name].text(report, f'"{name}"') or "") if name in fields else ""
