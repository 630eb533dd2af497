"""Which room may import what. `docs/developers.md` shows this table; a new room or package begins with a row here."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent

HELPERS = ("errors", "clock", "keypad", "postal", "secret", "settings", "logs", "languages", "yaml_reader", "hours")
"""Plain helpers: they know nothing of words, calls, the pharmacy or the web."""
SERVICES = (*HELPERS, "prompts", "flow", "pharmacy", "payment", "orders", "line")
"""What the line is made of."""


@dataclass(frozen=True)
class Room:
    """What a room, or one module of it, is for and may import, itself and the standard library apart."""

    purpose: str
    rooms: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


ROOMS = {
    "errors": Room("the tree of exceptions, problems with their places"),
    "clock": Room("time as a value that is handed in"),
    "keypad": Room("keys and their names"),
    "languages": Room(
        "all that differs between the languages callers hear, beside words", ("postal",), ("babel", "num2words")
    ),
    "postal": Room("the words of USPS Publication 28; a street, a unit taken apart"),
    "secret": Room("text that cannot be printed or logged", ("errors",)),
    "settings": Room("the environment, read once", HELPERS),
    "logs": Room("events with fields, masked", HELPERS, ("structlog",)),
    "yaml_reader": Room("YAML with positions, every scalar text", HELPERS, ("yaml",)),
    "hours": Room("when a person can be had, by the clock on the wall", HELPERS, ("holidays",)),
    "prompts": Room("the prompt language; values as words; recordings", HELPERS, ("babel", "phonenumbers")),
    "flow": Room("what a flow is and how a call advances through it; pure", (*HELPERS, "prompts")),
    "pharmacy": Room(
        "the shared database: members, prescriptions, orders",
        HELPERS,
        ("alembic", "sqlalchemy", "zipcodes"),
    ),
    "payment": Room("card processors, card checks, what is encrypted", HELPERS, ("cryptography", "stdnum", "stripe")),
    "orders": Room("the life of an order and its money", (*HELPERS, "pharmacy", "payment"), ("sqlalchemy",)),
    "line": Room("one turn of a call: joins flow, pharmacy, payment and orders", SERVICES, ("sqlalchemy",)),
    "web": Room("the carrier's webhooks and TwiML", SERVICES, ("flask", "twilio", "werkzeug")),
    "phone": Room("a telephone that executes TwiML", HELPERS, ("rich",)),
    "simulator": Room("the line in memory, its clock, its rows", (*SERVICES, "web", "phone"), ("sqlalchemy",)),
    "qa": Room("call scripts: replayed, recorded, explored", (*HELPERS, "prompts", "flow", "phone", "simulator")),
    "pages": Room(
        "the studio; metrics; the whole application",
        (*SERVICES, "web", "phone", "simulator", "qa"),
        ("flask", "prometheus_client", "sqlalchemy"),
    ),
    "cli": Room(
        "the commands: they wire the parts",
        (*SERVICES, "web", "phone", "simulator", "qa", "pages"),
        ("click", "rich", "sqlalchemy", "waitress", "watchfiles"),
    ),
    "cli.connect": Room("a number's URLs, set by the carrier's API", HELPERS, ("click", "twilio")),
    "cli.published": Room("what callers hear, read without loading much", HELPERS, ("psycopg",)),
}


@dataclass(frozen=True)
class Module:
    """A module of the project, by its dotted name less `ivr.`."""

    name: str
    path: Path
    is_package: bool

    @property
    def room(self) -> str:
        """Return the row that holds for it: its own, or its room's."""
        own = ".".join(self.name.split(".")[:2])
        return own if own in ROOMS else self.name.split(".")[0]


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for path in sorted((PROJECT / "ivr").rglob("*.py")):
        parts = path.relative_to(PROJECT / "ivr").with_suffix("").parts
        if "migrations" in parts or parts == ("__init__",):
            continue
        is_package = parts[-1] == "__init__"
        found.append(Module(".".join(parts[:-1] if is_package else parts), path, is_package))
    return tuple(found)


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Return everything in a module, the module itself first."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def imports(module: Module) -> Iterator[str]:
    """Yield the dotted name of everything a module imports, wherever in it the import stands."""
    for node in nodes(module.path):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module.path} has a relative import"
            for name in node.names:
                yield f"{node.module}.{name.name}"


def own_imports(module: Module) -> set[str]:
    """Return the project's modules that a module imports."""
    names = {known.name for known in modules()}
    found = set()
    for name in imports(module):
        dotted = name.removeprefix("ivr.")
        if name.startswith("ivr."):
            found.add(dotted if dotted in names else dotted.rpartition(".")[0])
    return found - {module.name, ""}


LATE = {
    "cryptography": "payment.vault",
    "holidays": "hours",
    "ivr.payment.stripe": "line.build",
    "ivr.pharmacy.migrate": "pharmacy.database",
    "phonenumbers": "prompts.spoken",
    "structlog": "logs",
    "watchfiles": "cli.staff",
    "zipcodes": "pharmacy.places",
}
"""What takes long to load, and the one module that does, in the one function that cannot do without it."""


def functions_importing(module: Module, package: str) -> set[str]:
    """Return the functions of a module that import a package, "" for one that the module itself imports."""
    found = [node for node in nodes(module.path) if _imports(node, package)]
    return {_owners(module.path).get(id(node), "") for node in found} - {TYPES}


def _imports(node: ast.AST, package: str) -> bool:
    match node:
        case ast.Import():
            names = [name.name for name in node.names]
        case ast.ImportFrom():
            names = [node.module or ""]
        case _:
            return False
    return any(f"{name}.".startswith(f"{package}.") for name in names)


@cache
def _owners(path: Path) -> dict[int, str]:
    """Return the function that each node of a module stands in, by the node's id."""
    owners = {id(inner): f.name for f in nodes(path) if isinstance(f, ast.FunctionDef) for inner in ast.walk(f)}
    for node in nodes(path):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            owners |= {id(inner): TYPES for inner in ast.walk(node)}
    return owners


TYPES = "TYPE_CHECKING"


@pytest.mark.parametrize(("package", "home"), LATE.items())
def test_what_takes_long_to_load_is_loaded_late_and_at_one_place(package: str, home: str) -> None:
    where = {module.name: functions_importing(module, package) for module in modules()}
    where = {name: functions for name, functions in where.items() if functions}
    assert list(where) == [home]
    assert len(where[home]) == 1, where
    assert where[home] != {""}, where


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_a_module_imports_only_what_its_room_may(module: Module) -> None:
    assert module.room in ROOMS, f'ivr/{module.name} is in no room: give "{module.room}" a row'
    room = ROOMS[module.room]
    home = module.name.split(".")[0]
    for name in own_imports(module):
        assert name.split(".")[0] in (*room.rooms, home), f"{module.path} imports ivr.{name}"
    for name in imports(module):
        package = name.split(".")[0]
        if package not in ("ivr", "__future__") and package not in sys.stdlib_module_names:
            assert package in room.packages, f"{module.path} imports {package}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {module.name: own_imports(module) for module in modules()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("a circle of imports: " + " → ".join(error.args[1]))


def test_flask_stays_in_the_web_and_twilio_where_the_carrier_is() -> None:
    assert [name for name, room in ROOMS.items() if "flask" in room.packages] == ["web", "pages"]
    assert [name for name, room in ROOMS.items() if "twilio" in room.packages] == ["web", "cli.connect"]


@pytest.mark.parametrize("name", ROOMS)
def test_a_row_is_for_a_room_that_is_there_and_names_what_it_imports(name: str) -> None:
    inside = [module for module in modules() if module.room == name]
    assert inside, "a room that does not exist has no row"
    imported = {one.partition(".")[0] for module in inside for one in imports(module)}
    assert set(ROOMS[name].packages) <= imported


QA = ("scripts", "replay", "explore", "record", "mutate")
"""The packages of `qa`, each of which knows those before it."""


@pytest.mark.parametrize("module", [one for one in modules() if one.name.startswith("qa.")], ids=lambda one: one.name)
def test_the_packages_of_qa_know_those_before_them(module: Module) -> None:
    known = QA[: QA.index(module.name.split(".")[1]) + 1]
    for name in own_imports(module):
        assert name.split(".")[:1] != ["qa"] or name.split(".")[1] in known, f"{module.path} imports ivr.{name}"


def test_no_class_name_is_defined_twice() -> None:
    """Whoever reads or searches for a name finds one thing, in whatever room."""
    places: dict[str, list[str]] = {}
    for path in sorted((PROJECT / "ivr").rglob("*.py")):
        for node in nodes(path):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(f"{path.relative_to(PROJECT)}:{node.lineno}")
    twice = [f"{name} is defined at {' and '.join(found)}" for name, found in places.items() if len(found) > 1]
    assert not twice, "\n".join(twice)


def test_no_function_name_is_defined_twice_in_a_room() -> None:
    places: dict[tuple[str, str], list[str]] = {}
    for module in modules():
        tree = nodes(module.path)[0]
        for node in tree.body if isinstance(tree, ast.Module) else ():
            if isinstance(node, ast.FunctionDef):
                where = f"{module.path.relative_to(PROJECT)}:{node.lineno}"
                places.setdefault((module.name.partition(".")[0], node.name), []).append(where)
    twice = [f"{name} is defined at {' and '.join(found)}" for (_, name), found in places.items() if len(found) > 1]
    assert not twice, "\n".join(twice)


def _defined(module: Iterable[ast.AST]) -> Iterator[str]:
    for node in module:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def unwanted_names(module: Iterable[ast.AST], unwanted: Collection[str]) -> list[str]:
    """Return the names that a module defines and the glossary has another word for."""
    words = "|".join(f"{word}s?" for word in unwanted)
    wanted_not = re.compile(rf"(?:^|_)(?:{words})(?:_|$)", re.IGNORECASE)
    return [name for name in _defined(module) if wanted_not.search(name)]


@cache
def glossary() -> frozenset[str]:
    """Return the names on the right of the glossary."""
    lines = (PROJECT / "docs/glossary.md").read_text(encoding="utf-8").splitlines()
    unwanted = [line.split("|")[3] for line in lines if line.startswith("|")]
    return frozenset(name for cell in unwanted for name in re.findall(r"`(\w+)`", cell))


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_names_are_those_of_the_glossary(module: Module) -> None:
    found = unwanted_names(nodes(module.path), glossary())
    assert not found, f"{module.path}: docs/glossary.md has another word for {', '.join(found)}"


def test_a_name_that_the_glossary_does_not_want_is_found() -> None:
    assert glossary() >= {"trail", "visit", "insert_new"}
    bad, good = (ast.walk(ast.parse(text)) for text in ("def visits(masked_trail): ear = 1", "early = near = 1"))
    assert unwanted_names(bad, glossary()) == ["visits", "masked_trail", "ear"]
    assert unwanted_names(good, glossary()) == []


CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_only_the_clock_reads_the_time(module: Module) -> None:
    if module.name == "clock":
        return
    calls = [node.func for node in nodes(module.path) if isinstance(node, ast.Call)]
    read = {ast.unparse(function) for function in calls} & CLOCKS
    assert not read, f"{module.path} reads the time by {', '.join(read)}; it should be handed in"
