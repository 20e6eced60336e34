"""What the dashboard and the alerts in ``deploy`` ask Prometheus for."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

DEPLOY = Path(__file__).parents[2] / "deploy"
_NAME = re.compile(r"\b((?:trunkline|process|python)_[a-z0-9_]+)\b(\{[^}]*\})?")
_LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
OF_PROMETHEUS = frozenset({"instance", "job"})


def dashboard() -> dict[str, Any]:
    """The dashboard."""
    found: dict[str, Any] = json.loads((DEPLOY / "grafana" / "trunkline.json").read_text())
    return found


def rules() -> list[dict[str, Any]]:
    """The alerts."""
    found = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    return [rule for group in found["groups"] for rule in group["rules"]]


def scraped() -> dict[str, Any]:
    """The configuration of the scrape."""
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    return found


def queries() -> Iterator[str]:
    """Every expression of both."""
    for panel in dashboard()["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    yield from (variable["query"] for variable in dashboard()["templating"]["list"] if variable["type"] == "query")
    yield from (rule["expr"] for rule in rules())


def asked() -> dict[str, set[str]]:
    """The names of figures, each with the labels that it is chosen by."""
    found: dict[str, set[str]] = {}
    for query in queries():
        for name, labels in _NAME.findall(query):
            found.setdefault(name, set()).update(set(_LABEL.findall(labels)) - OF_PROMETHEUS)
    return found


def exported(text: str) -> dict[str, set[str]]:
    """The names of figures that a platform exports, each with its labels as far as it has any yet."""
    found: dict[str, set[str]] = {}
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE):
        for ending in ("_bucket", "_count", "_sum") if kind == "histogram" else ("",):
            found[name + ending] = set()
    for name, labels in re.findall(r"^([a-z]\w*)(\{[^}]*\})? ", text, re.MULTILINE):
        found.setdefault(name, set()).update(_LABEL.findall(labels))
    return found
