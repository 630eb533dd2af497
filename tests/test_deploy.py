"""The files of `deploy/`, each checked by its own tool where the machine has it; test_nginx runs the proxy's."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest
import yaml
from databases import SERVER, Databases
from demo_line import PROJECT, fill_demo, open_demo_line
from hearing import hears
from nginx_proxy import free_ports, give_to_plain_user, wait_for_listener
from sqlalchemy import make_url
from test_serve import KEY, PROGRAMS, START_SECONDS, environment

from ivr.cli import main
from ivr.settings import SETTINGS, load_settings

DEPLOY = PROJECT / "deploy"
INSTALLED = "/opt/ivr/bin/ivr"


def check_command(words: Sequence[str]) -> None:
    """Have click read the arguments of `ivr`, without running it."""
    command = main.get_command(click.Context(main), words[0])
    assert command is not None, words
    command.make_context(words[0], list(words[1:]))


# Settings


def example() -> dict[str, str]:
    lines = (DEPLOY / "ivr.env.example").read_text(encoding="utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value for name, _, value in pairs}


def test_the_example_of_settings_needs_nothing_but_what_it_leaves_empty() -> None:
    given = example()
    assert given.keys() - {"POSTGRES_PASSWORD"} <= {setting.name for setting in SETTINGS}
    secret = {setting.name for setting in SETTINGS if setting.secret} - {"DATABASE_URL"} | {"POSTGRES_PASSWORD"}
    assert {name for name in secret if given.get(name)} == set()
    filled = {"TWILIO_ACCOUNT_SID": "AC" + 32 * "0", "TWILIO_AUTH_TOKEN": 32 * "0", "IVR_SECRET_KEY": KEY}
    settings = load_settings({**given, **filled})
    assert settings.public_url == "https://refills.example"
    assert "server_name refills.example;" in (DEPLOY / "nginx.conf").read_text(encoding="utf-8")


# systemd


@pytest.mark.parametrize("name", ["ivr.service", "ivr-sweep.service"])
def test_a_unit_is_one_that_systemd_takes(name: str, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze") or pytest.skip("no systemd-analyze on this machine")
    unit = (DEPLOY / name).read_text(encoding="utf-8")
    (path := tmp_path / name).write_text(unit.replace(INSTALLED, str(PROGRAMS / "ivr")), encoding="utf-8")
    shutil.copy(DEPLOY / "ivr.socket", tmp_path)
    for words in (["verify"], ["security", "--offline=true", "--threshold=20"]):  # 20: two of ten, ten is open
        done = subprocess.run([analyze, *words, path], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    program, *arguments = shlex.split(values(unit, "ExecStart")[0])
    assert program == INSTALLED
    check_command(arguments)
    assert values(unit, "EnvironmentFile") == ["/etc/ivr/ivr.env"]
    assert values((DEPLOY / "ivr.socket").read_text(encoding="utf-8"), "ListenStream") == ["127.0.0.1:8000"]


def test_what_is_asked_while_a_line_with_systemds_socket_is_down_waits(tmp_path: Path) -> None:
    log, settings = tmp_path / "log", environment({"DATABASE_URL": f"sqlite:///{tmp_path}/ivr.db"})
    with socket.create_server(("127.0.0.1", 0)) as kept, log.open("w") as out:
        url = f"http://127.0.0.1:{kept.getsockname()[1]}/healthz"
        become = f"LISTEN_PID=$$ LISTEN_FDS=1 exec {PROGRAMS / 'ivr'} serve 3<&{kept.fileno()}"  # as systemd begins it
        asking = socket.create_connection(kept.getsockname(), START_SECONDS)
        asking.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        line = subprocess.Popen(["bash", "-c", become], env=settings, pass_fds=[kept.fileno()], stdout=out, stderr=out)
        try:
            assert asking.recv(100).startswith(b"HTTP/1.1 200"), log.read_text()
            assert f"answers at {url.removesuffix('/healthz')}" in log.read_text()
        finally:
            asking.close()
            line.terminate()
            assert line.wait(START_SECONDS) == 0, log.read_text()
        socket.create_connection(kept.getsockname(), START_SECONDS).close()  # it waits for the line's next start


def values(unit: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", unit, re.MULTILINE)


# Containers


@dataclass(frozen=True)
class Instruction:
    """A line of a container file."""

    name: str
    words: str


def instructions() -> list[Instruction]:
    lines = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    return [Instruction(*line.split(maxsplit=1)) for line in lines if line and not line.startswith("#")]


def words_of(name: str) -> list[str]:
    return [one.words for one in instructions() if one.name == name]


def is_sent(path: str) -> bool:
    """Return whether .dockerignore lets a path of the checkout into a build."""
    sent = True
    for line in (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.removeprefix("!").removeprefix("**/")
        if line and not line.startswith("#") and any(fnmatch(part, pattern) for part in _parts(path, line)):
            sent = line.startswith("!")
    return sent


def _parts(path: str, line: str) -> Sequence[str]:
    """Return what a pattern is held against: every name of a path, or the name it begins with."""
    return path.split("/") if line.startswith("**/") else path.split("/")[:1]


def test_the_container_is_made_of_what_is_there() -> None:
    copied = [shlex.split(words) for words in words_of("COPY")]
    sources = {source for words in copied if not words[0].startswith("--from") for source in words[:-1]}
    assert sources == {"pyproject.toml", "constraints.txt", "flows", "prompts", "ivr"}
    assert all((PROJECT / source).exists() and is_sent(source) for source in sources)


@pytest.mark.parametrize(
    "path", ["ivr.db", "ivr/ivr.db", "ivr.db.key", "deploy/.env", "deploy/tls/privkey.pem", ".git"]
)
def test_nothing_confidential_is_sent_to_a_build(path: str) -> None:
    assert not is_sent(path)
    assert is_sent("ivr/pages/studio/templates/studio/home.html")


def test_the_container_has_no_settings_and_is_no_administrator() -> None:
    assert not {one.name for one in instructions()} & {"ENV", "ARG", "ADD"}
    assert words_of("USER") == ["ivr"]
    assert [one.name for one in instructions()].index("USER") > max(
        index for index, one in enumerate(instructions()) if one.name == "RUN"
    )


def test_the_container_starts_the_line_and_asks_whether_it_is_alive() -> None:
    assert words_of("ENTRYPOINT") == ['["ivr"]']
    check_command(json.loads(words_of("CMD")[0]))
    _, _, command = words_of("HEALTHCHECK")[0].partition("CMD")
    program, option, code = json.loads(command)
    assert (program, option) == ("python", "-c")
    compile(code, "HEALTHCHECK", "exec")
    (url,) = re.findall("'(http.*?)'", code)
    assert urlsplit(url).port == int(words_of("EXPOSE")[0])


def test_the_compose_file_is_one_that_docker_compose_takes(tmp_path: Path) -> None:
    program = shutil.which("docker-compose") or pytest.skip("no docker-compose on this machine")
    shutil.copytree(DEPLOY, tmp_path / "deploy")
    lines = [f"{name}={value}" for name, value in {**example(), "POSTGRES_PASSWORD": "pass"}.items()]
    (tmp_path / "deploy" / ".env").write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run(
        [program, "--file", tmp_path / "deploy" / "compose.yaml", "config"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    services = yaml.safe_load(done.stdout)["services"]
    for name in ("line", "sweep"):
        assert services[name]["environment"]["DATABASE_URL"] == "postgresql://ivr:pass@postgres/pharmacy"
        assert (tmp_path / services[name]["build"]["dockerfile"]).is_file()


def test_what_runs_in_the_compose_file_are_commands_of_the_line() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    for name in ("line", "sweep"):
        check_command(shlex.split(services[name]["command"]))
    assert set(services) == {"line", "sweep", "postgres", "nginx"}
    published = {name for name, service in services.items() if "ports" in service}
    assert published == {"nginx"}
    mounted = [volume.partition(":")[0] for volume in services["nginx"]["volumes"]]
    assert [name for name in mounted if not (DEPLOY / name).exists()] == ["./tls"]  # the operator's own


def test_nginx_in_the_compose_file_asks_the_line() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    (change,) = re.findall("'(s/.*?)'", services["nginx"]["command"])
    site = subprocess.run(["sed", change, DEPLOY / "nginx.conf"], capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^ *server (\S+) max_fails", site, re.MULTILINE) == ["line:8000", "line:8000"]


# pgbouncer


@pytest.fixture
def pgbouncer(databases: Databases) -> Iterator[str]:
    """The URL of a database with the demo pharmacy, by a pgbouncer with the file of `deploy/`."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    server = make_url(os.environ.get("IVR_TEST_POSTGRES", SERVER))
    if program is None or databases.missing or server.password:
        pytest.skip(databases.missing or "no pgbouncer, or it would have to know a password")
    with databases.fresh("postgresql", fill_demo) as url, tempfile.TemporaryDirectory(prefix="pgbouncer-") as name:
        (port,) = free_ports(1)
        settings = _settings_on(port, str(make_url(url).database), server.host or "127.0.0.1", server.port or 5432)
        (file := Path(name) / "pgbouncer.ini").write_text(settings, encoding="utf-8")
        user = give_to_plain_user(file.parent)  # it refuses to run as root
        with subprocess.Popen([program, file], user=user, stderr=subprocess.DEVNULL) as process:
            wait_for_listener(process, port)
            yield f"postgresql://postgres@127.0.0.1:{port}/pharmacy"
            process.kill()


def _settings_on(port: int, database: str, host: str, server_port: int) -> str:
    """Return the settings of `deploy/`, for a server that asks for no password."""
    settings = (DEPLOY / "pgbouncer.ini").read_text(encoding="utf-8")
    for installed, here in {
        "host=127.0.0.1 port=5432 dbname=pharmacy": f"host={host} port={server_port} dbname={database} user=postgres",
        "listen_port = 6432": f"listen_port = {port}\nunix_socket_dir =",
        "auth_type = scram-sha-256": "auth_type = any",
    }.items():
        assert installed in settings
        settings = settings.replace(installed, here)
    return settings


def test_the_line_works_behind_the_pgbouncer(pgbouncer: str) -> None:
    line = open_demo_line(pgbouncer)
    assert hears(line.phone().dial().text, "main.language")
    line.services.database.dispose()
