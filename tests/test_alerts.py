"""The alerts: each is tried by promtool, speaks of metrics that there are, and says which section to read."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from demo_line import PROJECT, DemoLine
from prometheus_client.parser import text_string_to_metric_families
from test_docs import _anchors, blocks

FOLDER = PROJECT / "deploy/prometheus"
RULES: list[Mapping[str, Any]] = yaml.safe_load((FOLDER / "alerts.yaml").read_text(encoding="utf-8"))["groups"][0][
    "rules"
]
TESTS: list[Mapping[str, Any]] = yaml.safe_load((FOLDER / "alerts_test.yaml").read_text(encoding="utf-8"))["tests"]
BY_NAME = {rule["alert"]: rule for rule in RULES}

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool on this machine (prometheus)")


def promtool(*arguments: str, stdin: str = "") -> str:
    ran = subprocess.run(
        ["promtool", *arguments], cwd=FOLDER, input=stdin, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def told(demo_line: DemoLine) -> str:
    return demo_line.app.test_client().get("/metrics", base_url="http://localhost").text


@needs_promtool
def test_the_rules_can_be_loaded_and_fire_when_they_should() -> None:
    promtool("check", "rules", "alerts.yaml")
    promtool("test", "rules", "alerts_test.yaml")


@needs_promtool
def test_the_configuration_in_the_documents_can_be_loaded(tmp_path: Path) -> None:
    (block,) = (one.text for one in blocks("yaml") if one.file == "docs/operations.md" and "scrape_configs" in one.text)
    (tmp_path / "password").write_text("a password")
    config = block.replace("/etc/prometheus/ivr_password", f"{tmp_path}/password")
    config = config.replace("/etc/prometheus/ivr", str(FOLDER))
    (tmp_path / "prometheus.yaml").write_text(config)
    assert "alerts.yaml" in config
    promtool("check", "config", str(tmp_path / "prometheus.yaml"))


@needs_promtool
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_what_is_told_is_as_prometheus_would_have_it(demo_line: DemoLine) -> None:
    assert promtool("check", "metrics", stdin=told(demo_line)) == ""


@pytest.mark.parametrize("alert", BY_NAME)
def test_an_alert_is_tried_both_ways(alert: str) -> None:
    tried = [test for block in TESTS for test in block["alert_rule_test"] if test["alertname"] == alert]
    assert {bool(test.get("exp_alerts")) for test in tried} == {True, False}


@pytest.mark.parametrize("alert", BY_NAME)
def test_an_alert_says_which_section_to_read(alert: str) -> None:
    path, _, anchor = BY_NAME[alert]["annotations"]["docs"].partition("#")
    assert anchor in _anchors(PROJECT / path)


def selectors(text: str) -> Iterator[tuple[str, Mapping[str, re.Pattern[str]]]]:
    """Yield the metrics that an expression or a series speaks of, each with its labels and what they match."""
    for name, labels in re.findall(r"(ivr_\w+)(?:{([^}]*)})?", text):
        found = re.findall(r'(\w+)=(~?)"([^"]*)"', labels)
        yield name, {key: re.compile(value if matches else re.escape(value)) for key, matches, value in found}


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_alerts_speak_of_what_a_line_tells_from_its_start(demo_line: DemoLine) -> None:
    """What first appears when it happens is no rise to Prometheus: the first time would be missed."""
    text = told(demo_line)
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    spoken_of = [one for rule in RULES for one in selectors(rule["expr"])]
    assert len(spoken_of) >= len(RULES) - 1
    for name, labels in spoken_of:
        values = {key: {sample.labels.get(key) for sample in found if sample.name == name} for key in labels}
        assert any(sample.name == name for sample in found), name
        for key, pattern in labels.items():
            assert any(value is not None and pattern.fullmatch(value) for value in values[key]), (name, key)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_the_series_of_the_tests_are_those_that_a_line_tells(demo_line: DemoLine) -> None:
    names = set(re.findall(r"^(ivr_\w+)", told(demo_line), re.MULTILINE))
    series = {name for block in TESTS for one in block["input_series"] for name, _ in selectors(one["series"])}
    assert series <= names
