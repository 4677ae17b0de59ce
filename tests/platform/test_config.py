"""The settings: each documented, a wrong one named, none of their values told."""

import re
from pathlib import Path

import pytest

from app.config import DEVELOPMENT_ONLY, PREFIX, Settings, SettingsError, variable

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"
COMPLETE = {
    "CONCORD_DATABASE_URL": "postgresql://concord_app:pass@db/concord",
    "CONCORD_DATABASE_SWEEP_URL": "postgresql://concord_sweep:pass@db/concord",
    "CONCORD_REDIS_URL": "redis://:pass@cache:6379/0",
    "CONCORD_KEYS": "k1:AAAA",
    "CONCORD_OPERATOR_KEY": "op_0123456789abcdef",
    "CONCORD_PUBLIC_URL": "https://concord.example/",
}


@pytest.fixture
def environment(monkeypatch):
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_the_documented_minimum_is_enough(environment):
    settings = Settings.read()

    assert settings.database_url == "postgresql+asyncpg://concord_app:pass@db/concord"
    assert settings.public_url == "https://concord.example"
    assert (settings.microsoft_tenant, settings.microsoft_cloud, settings.development) == (
        "common",
        "global",
        False,
    )


@pytest.mark.parametrize("name", COMPLETE)
def test_a_missing_setting_is_named(environment, name):
    environment.delenv(name)
    with pytest.raises(SettingsError, match=f"^{name} is not set. See docs/settings.md.$"):
        Settings.read()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONCORD_DATABASE_URL", "mysql://concord:hunter2@db/concord"),
        ("CONCORD_REDIS_URL", "http://hunter2@cache"),
        ("CONCORD_OPERATOR_KEY", "hunter2"),
        ("CONCORD_PUBLIC_URL", "hunter2.example"),
        ("CONCORD_MICROSOFT_CLOUD", "hunter2"),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(environment, name, value):
    environment.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{name}: ") as refusal:
        Settings.read()

    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("setting", DEVELOPMENT_ONLY)
def test_production_refuses_another_microsoft_and_another_clock(environment, setting):
    environment.setenv(variable(setting), "https://localhost:1/x")
    with pytest.raises(SettingsError, match=f"{variable(setting)}: only with CONCORD_DEVELOPMENT=true"):
        Settings.read()
    environment.setenv("CONCORD_DEVELOPMENT", "true")
    assert getattr(Settings.read(), setting) == "https://localhost:1/x"


def test_no_secret_shows_when_the_settings_are_printed(environment):
    shown = repr(Settings.read())

    assert "AAAA" not in shown
    assert "pass@" not in shown
    assert COMPLETE["CONCORD_OPERATOR_KEY"] not in shown


def test_the_document_lists_every_setting_and_no_other():
    rows = re.findall(rf"^\| `({PREFIX}\w+)` \| (\S+)", DOCUMENT.read_text(), re.MULTILINE)
    needed = {variable(name): field.is_required() for name, field in Settings.model_fields.items()}

    assert {name: first == "yes" for name, first in rows} == needed


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_document_describes_a_setting_as_the_code_does(name):
    assert f"{Settings.model_fields[name].description}" in DOCUMENT.read_text()
