"""Settings: defaults, variables, errors that name the variable, and the way to a role and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from doorstep.settings import PREFIX, Settings, WrongSetting


def test_without_variables_every_setting_has_its_default() -> None:
    settings = Settings.read(environ={})
    assert settings == Settings()
    assert settings.home == Path(".doorstep")
    assert settings.mqtt_url is None
    assert settings.sync_interval == "always"


def test_a_variable_is_read_as_the_type_of_its_field() -> None:
    settings = Settings.read(
        environ={
            "DOORSTEP_FLUSH_MS": "50",
            "DOORSTEP_POLL_S": "0.5",
            "DOORSTEP_HOME": "/srv/doorstep",
            "DOORSTEP_REQUIRE_BROWSER": "1",
            "OTHER": "is none of ours",
        }
    )
    assert (settings.flush_ms, settings.poll_s, settings.home) == (50, 0.5, Path("/srv/doorstep"))
    assert settings.require_browser is True


def test_an_empty_variable_counts_as_unset() -> None:
    assert Settings.read(environ={"DOORSTEP_API_PORT": ""}).api_port == Settings().api_port


def test_a_variable_of_the_test_suite_is_no_setting_and_no_error() -> None:
    assert Settings.read(environ={"DOORSTEP_TEST_DATABASE_URL": "postgresql://there"}) == Settings()


def test_the_start_of_a_scaled_clock_is_given_in_milliseconds() -> None:
    settings = Settings.read(
        environ={"DOORSTEP_CLOCK_MODE": "scaled", "DOORSTEP_CLOCK_START": "1970-01-01T08:00:01+08:00"}
    )
    assert settings.clock_start_ms == 1_000


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("API_PORT", "many"),
        ("API_PORT", "0"),
        ("FLUSH_MS", "-1"),
        ("CLOCK_MODE", "sundial"),
        ("CLOCK_START", "2026-11-02T08:00:00"),
        ("SYNC_INTERVAL", "sometimes"),
        ("MAX_PAYLOAD", "16 elephants"),
        ("IN_FLIGHT", "65535"),
        ("MQTT_URL", "http://broker"),
        ("MQTT_URL", "mqtt://broker:99999"),
        ("DATABASE_URL", "sqlite://"),
        ("PASSWORD", "short"),
        ("LISTEN", "0.0.0.0"),
        ("DEVICE_PASSWORD", "long enough"),
        ("CLOCK_RATE", "60"),
        ("DEDUPE_ROWS", "10"),
        ("BACKOFF_FIRST_S", "100"),
        ("BASE_MAP", "raster"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(variable: str, text: str) -> None:
    with pytest.raises(WrongSetting, match=PREFIX + variable):
        Settings.read(environ={PREFIX + variable: text})


def test_an_unknown_variable_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(WrongSetting, match="DOORSTEP_FLUSH_MILLIS is no setting; did you mean DOORSTEP_FLUSH_MS"):
        Settings.read(environ={"DOORSTEP_FLUSH_MILLIS": "1"})


def test_a_role_reads_the_same_settings_from_the_variables_it_is_given() -> None:
    settings = Settings.read(
        environ={
            "DOORSTEP_CLOCK_MODE": "scaled",
            "DOORSTEP_CLOCK_START": "2026-11-02T08:00:00+08:00",
            "DOORSTEP_CLOCK_RATE": "60",
            "DOORSTEP_REQUIRE_BROWSER": "true",
            "DOORSTEP_PASSWORD": "long enough",
            "DOORSTEP_DATABASE_URL": "postgresql://u:p@host:5432/d",
        },
        changes={"home": Path("/srv/doorstep"), "listen": None},
    )
    variables = settings.to_environ()
    assert "DOORSTEP_FLUSH_MS" not in variables
    assert Settings.read(environ=variables) == settings
