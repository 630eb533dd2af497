"""Reads YAML into a `Line` and its `Flow`s: reads each file, then builds its states.

The problems of all files are reported at once. What the YAML may hold is declared in `files`, and for each kind of
state in its module in `states`. What needs the whole set of flows is left to `checker`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath

from ivr.errors import Place, Report, did_you_mean
from ivr.flow import files as shapes
from ivr.flow.definition import Flow
from ivr.flow.language import LIMITS
from ivr.flow.parts import REPEAT, Limits, Line
from ivr.flow.reading import StateReader, read_keys, read_limits, read_target, read_texts
from ivr.flow.states import State, kinds
from ivr.hours import HOURS_FILE
from ivr.keypad import SHARED_NAMES, key_name
from ivr.prompts.spoken import is_possible_phone
from ivr.yaml_reader import Node, read

LINE_FILE = "line.yaml"


def read_flows(files: Mapping[str, str | None], report: Report, root: str = "flows") -> tuple[Line, dict[str, Flow]]:
    """Build the line and its flows from the text of their files.

    `files` maps a path below `root` to its text, or to None when the file could not be read and that is reported
    already. Problems are added to the report; what has one is built as far as it could be read, so the result is only
    good when nothing was reported.
    """
    texts = {name: text for name, text in files.items() if name != HOURS_FILE}
    nodes = {name: read(f"{root}/{name}", text, report) if text is not None else None for name, text in texts.items()}
    misplaced = {name for name, node in nodes.items() if node and _is_misplaced(name, node, report)}
    if LINE_FILE not in files and not any(PurePath(name).stem.lower() in _LINE_NAMES for name in misplaced):
        report.add(Place(f"{root}/{LINE_FILE}"), "there is no such file; it says what holds for the whole line")
    usable_nodes = {name: node for name, node in nodes.items() if node and name not in misplaced}
    line = _read_line(usable_nodes.get(LINE_FILE), Place(f"{root}/{LINE_FILE}"), report)
    flows: dict[str, Flow] = {}
    for name in sorted(nodes.keys() - {LINE_FILE}):
        flow = _read_flow(usable_nodes.get(name), Place(f"{root}/{name}"), line, report)
        other = flows.setdefault(flow.name, flow)
        if other is not flow:
            duplicate, original = (other, flow) if _named_after(other.place) != other.name else (flow, other)
            report.add(duplicate.at("flow"), f'flow "{duplicate.name}" is already in {original.place.file}')
            flows[original.name] = original
            flows.setdefault(_named_after(duplicate.place), _unread(duplicate.place))
    return line, flows


def _is_misplaced(name: str, node: Node, report: Report) -> bool:
    """Tell whether a file is of the wrong kind, judged by its fields.

    That is reported once, instead of all that would follow.
    """
    flow = shapes.flow_shape()
    wanted_shape, other_shape = (shapes.LINE, flow) if name == LINE_FILE else (flow, shapes.LINE)
    names = (node.fields or {}).keys()
    wanted_count, other_count = (len(names & shape.fields.keys()) for shape in (wanted_shape, other_shape))
    if node.fields is None or (wanted_count >= other_count and node.fits(wanted_shape)):
        return False
    report.add(node.place, _MISPLACED[wanted_shape.name, other_shape.name if other_count > wanted_count else ""])
    return True


_MISPLACED = {
    ("line", "flow"): "this is a flow, but the file should say what holds for the whole line; get what it said back",
    ("line", ""): "this does not say what holds for the whole line; get what the file said back",
    ("flow", "line"): f'this says what holds for the whole line, as the file "{LINE_FILE}" should',
    ("flow", ""): 'this is no flow, which has "flow", "start" and "states"; words belong into the folder of the prompts',
}  # fmt: skip  # one message a row
"""(what the file should be, what it is; "" for neither) -> the message."""
_LINE_NAMES = ("line", "lines")


def _named_after(place: Place) -> str:
    return PurePath(place.file).stem


def _unread(place: Place) -> Flow:
    """Return a stand-in for a file that could not be read.

    It has the file's name, so that no further problem follows.
    """
    return Flow(place, _named_after(place), "", {}, whole=False)


_ANY_LIMITS = {"silence": 3, "wrong": 3, "first_key": 6, "next_key": 8}
"""Used in place of limits that could not be read, so that the flows can be read all the same."""


def _read_line(node: Node | None, place: Place, report: Report) -> Line:
    """Build the settings of the whole line. What could not be read has a default, so that flows can be read."""
    fields = node.shaped(report, "the line", shapes.LINE) if node else {}
    gives_up = fields["gives_up"].shaped(report, "gives_up", shapes.GIVES_UP) if "gives_up" in fields else {}
    limits = read_limits(fields.get("limits"), shapes.LINE_LIMITS, report)
    texts = read_texts(fields, ("start", "too_many", "too_long", "failed"), report)
    languages = _read_languages(fields["languages"], report) if "languages" in fields else {}
    return Line(
        place=node.place if node else place,
        menu_keys=_read_interruptions(fields.get("menu_keys"), report),
        ask_keys=_read_interruptions(fields.get("ask_keys"), report),
        limits=Limits(**limits) if limits.keys() == _ANY_LIMITS.keys() else Limits(**_ANY_LIMITS),
        gives_up=read_texts(gives_up, gives_up, report),
        longest_call=_read_number(fields, "longest_call", report),
        most_actions=_read_number(fields, "most_actions", report),
        languages=languages,
        **texts,
        places=node.places() if node else {},
    )


def _read_number(fields: Mapping[str, Node], name: str, report: Report) -> int:
    shape = shapes.LINE_NUMBERS[name]
    return (fields[name].whole(report, _UNITS.get(name, name), shape) if name in fields else None) or shape.low


_UNITS = {"longest_call": "longest_call, in seconds,"}


def _read_languages(node: Node, report: Report) -> dict[str, str]:
    """Return called number (E.164, or `default`) -> the language that its calls begin in."""
    languages = {}
    for number, language_node in node.mapping(report, "languages").items():
        languages[number] = language_node.text(report, "a language") or ""
        if number != "default" and not is_possible_phone(number):
            digits = "".join(filter(str.isdigit, number))
            hint = f' (did you mean "+{digits if len(digits) > 10 else f"1{digits}"}"?)' if len(digits) > 9 else ""
            report.add(
                node.key_place(number),
                f'"{number}" is no number that is called: it is written with + and its country, in digits only, as in '
                f'"+18005550100"{hint}',
            )
    return languages


def _read_interruptions(node: Node | None, report: Report) -> dict[str, str]:
    keys = read_keys(node, report, SHARED_NAMES)
    return {key: value.text(report, f'the key "{key_name(key)}"') or REPEAT for key, value in keys}


def _read_state(node: StateReader) -> State | None:
    """Read a state as the kind whose word it has; None when it has none, or more than one."""
    all_kinds, fields = kinds(), node.node.fields or {}
    words = [word for word in all_kinds if word in fields]
    # A `do` may also have `say`, so only a kind that knows all these words as its fields fits.
    fitting = [word for word in words if all_kinds[word].record.fields.keys() >= set(words)]
    if len(fitting) == 1:
        return all_kinds[fitting[0]].read(node)
    misspelt = "" if words else next((field for field in fields if did_you_mean(field, all_kinds)), "")
    hint = did_you_mean(misspelt, all_kinds)
    found = f'"{misspelt}"{hint}' if misspelt else " and ".join(f'"{word}"' for word in words) or "none"
    message = f'state "{node.name}" should do one of {", ".join(all_kinds)}; found {found}'
    node.report.add(node.node.key_place(misspelt), message)
    return None


def _read_flow(node: Node | None, place: Place, line: Line, report: Report) -> Flow:
    """Build a flow, as far as it can be read. States with problems of their own are listed in `flawed`."""
    if node is None or node.fields is None:
        if node:
            node.mapping(report, "a flow")
        return _unread(place)
    shape = shapes.flow_shape()
    fields = node.shaped(report, "a flow", shape)
    texts = read_texts(fields, ("flow", "start"), report)
    name = texts["flow"] or _named_after(place)
    limits = replace(line.limits, **read_limits(fields.get("limits"), LIMITS, report))
    too_many = read_target(fields.get("too_many"), report)
    states: dict[str, State] = {}
    flawed: set[str] = set()
    states_node = fields.get("states")
    for state_name, value in (states_node.mapping(report, "states") if states_node else {}).items():
        before = len(report.problems)
        at = states_node.key_place(state_name) if states_node else place
        state = _read_state(StateReader(report, state_name, at, value, limits, too_many))
        if state:
            states[state_name] = state
        if len(report.problems) > before:
            flawed.add(state_name)

    # A state that is indented too little is read as a field of the flow.
    has_stray_state = any(value.fields is not None for field, value in node.fields.items() if field not in shape.fields)
    whole = bool(states_node and states_node.fields) and not has_stray_state
    return Flow(node.place, name, texts["start"], states, frozenset(flawed), whole, places=node.places())
