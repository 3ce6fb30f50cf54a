"""What a user can set, where, and what is said of a value that cannot be used."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from askpod.settings import VARIABLES, ModelSettings, SettingError, Settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """A working directory and an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for variable in list(os.environ):
        if variable.startswith(("ASKPOD_", "OPENAI_")):
            monkeypatch.delenv(variable)


@pytest.fixture
def write(tmp_path):
    """Writes askpod.toml."""
    return lambda text: (tmp_path / "askpod.toml").write_text(text, encoding="utf-8")


def problem(flags=None) -> str:
    with pytest.raises(SettingError) as caught:
        Settings.load(flags)
    return str(caught.value)


def test_nothing_has_to_be_set():
    assert Settings.load() == Settings()
    assert Settings().model is None


def test_each_setting_from_the_file(write, tmp_path):
    (tmp_path / "words").mkdir()
    write(
        """
        model = "qwen3:8b"
        base_url = "http://localhost:11434/v1"
        context_tokens = 6000
        effective_window = 16000
        answer_tokens = 400
        timeout = 120
        patience = 5.5
        precision = "fp32"
        embedder = "openai:bge-m3"
        prompts = "words"
        unsupported = "drop"
        """
    )
    url = "http://localhost:11434/v1"
    assert Settings.load() == Settings(
        precision="fp32",
        embedder="openai:bge-m3",
        base_url=url,
        model=ModelSettings("qwen3:8b", url, 6000, 16000, 400, 120, 5.5),
        prompts=Path("words"),
        unsupported="drop",
    )


def test_a_flag_is_before_the_environment_and_that_before_the_file(write, monkeypatch):
    write('model = "of-the-file"\ncontext_tokens = 1000\nanswer_tokens = 100\n')
    monkeypatch.setenv("ASKPOD_MODEL", "of-the-environment")
    monkeypatch.setenv("ASKPOD_CONTEXT_TOKENS", "2000")
    settings = Settings.load({"model": "of-the-flag", "context_tokens": None})
    assert settings.model == ModelSettings("of-the-flag", context_tokens=2000, answer_tokens=100)


def test_an_empty_variable_is_not_set(write, monkeypatch):
    write('model = "of-the-file"')
    monkeypatch.setenv("ASKPOD_MODEL", "")
    assert Settings.load().model == ModelSettings("of-the-file")


def test_the_base_url_is_openais_own_variable(monkeypatch):
    monkeypatch.setenv("ASKPOD_MODEL", "tiny")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://gateway.example/v1")
    assert Settings.load().model == ModelSettings("tiny", "http://gateway.example/v1")


def test_a_base_url_alone_chooses_no_model(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://gateway.example/v1")
    settings = Settings.from_environment()
    assert (settings.model, settings.base_url) == (None, "http://gateway.example/v1")


def test_another_folder_and_a_prompts_folder_beside_its_file(tmp_path):
    folder = tmp_path / "elsewhere"
    (folder / "mine").mkdir(parents=True)
    (folder / "askpod.toml").write_text('prompts = "mine"', encoding="utf-8")
    assert Settings.load(folder=folder).prompts == folder / "mine"


def test_settings_can_be_a_key_of_a_dictionary():
    settings = Settings.load({"model": "tiny"})
    assert {settings: 1}[Settings.load({"model": "tiny"})] == 1


# --- The long-context limits ---------------------------------------------------------------------


def test_more_than_the_effective_window_is_refused_with_the_reason():
    said = problem({"model": "big", "context_tokens": 40_000})
    assert "context_tokens: 40000 is more than effective_window (32000)" in said
    assert "clear dip from about 32k tokens and failure at about 64k" in said
    assert "raise effective_window too" in said


def test_an_explicit_wish_for_more_is_warned_of():
    wish = {"model": "big", "context_tokens": 40_000, "effective_window": 64_000}
    assert Settings.load(wish).warnings == (
        "context_tokens is 40000, past 32000: practitioners see a clear dip from about 32k "
        "tokens and failure at about 64k, whatever window the model claims",
    )
    assert Settings.load({**wish, "context_tokens": 8_000}).warnings == ()
    assert Settings().warnings == ()


# --- Values that cannot be used ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('\nmodle = "tiny"', "askpod.toml:2: modle: no such setting. There are precision, "),
        ("\n\nmodel = 3", "askpod.toml:3: model: must be a text, not a whole number"),
        ('context_tokens = "8000"', "1: context_tokens: must be a whole number, not a text"),
        ("context_tokens = true", "context_tokens: must be a whole number, not true or false"),
        ("context_tokens = 0", "context_tokens: 0 must be more than 0"),
        ("timeout = inf", "timeout: inf must be more than 0"),
        ("timeout = nan", "timeout: nan must be more than 0"),
        ("patience = -1", "patience: -1 must be 0 or more"),
        ('model = " "', 'model: must be the name of a model, such as "gpt-4o-mini"'),
        ('precision = "int4"', "precision: 'int4' is none of int8, fp32"),
        ('unsupported = "keep"', "unsupported: 'keep' is none of auto, mark, drop"),
        ('embedder = "bert"', 'embedder: \'bert\' is neither "minilm" nor "openai:NAME"'),
        ('embedder = "openai:"', "embedder: 'openai:' is neither"),
        ('base_url = "localhost:11434"', "must be an address such as"),
        ('base_url = "http://h:99999/v1"', "must be an address such as"),
        ('base_url = "http://h/v1?version=1"', "must end with the path, without ? or #"),
        ('prompts = "nowhere"', "prompts: there is no folder nowhere"),
        ("precision = 8", "precision: must be a text, not a whole number"),
        ("prompts = 8", "prompts: must be a path, not a whole number"),
        ("model = tiny", "askpod.toml: not TOML: Invalid value (at line 1, column 9)"),
        ("\n[model]\nname = 1", "askpod.toml:2: model: must be a text, not something else"),
    ],
)
def test_a_wrong_file(write, text, words):
    write(text)
    said = problem()
    assert said.startswith("askpod.toml")
    assert words in said


@pytest.mark.parametrize(
    "line",
    [
        'OPENAI_API_KEY = "sk-never"',
        'api_key = "sk-never"',
        '[openai]\nkey = "sk-never"',
        'password = "sk-never"',
        'base_url = "https://me:sk-never@gateway.example/v1"',
        'base_url = "https://gateway.example/v1?key=sk-never"',
    ],
)
def test_a_key_in_the_file_is_refused_and_not_repeated(write, line):
    write(line)
    assert "sk-never" not in problem()


def test_a_key_in_the_file_belongs_into_the_environment(write):
    write('model = "tiny"\napi_key = "sk-never"')
    assert problem() == (
        "askpod.toml:2: api_key: a key is read from the environment only: remove it from the "
        "file and set OPENAI_API_KEY"
    )


def test_no_key_is_part_of_settings(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-never")
    monkeypatch.setenv("ASKPOD_MODEL", "tiny")
    assert "sk-never" not in repr(Settings.load())


def test_a_wrong_variable_and_a_wrong_flag_are_named(monkeypatch):
    assert problem({"context_tokens": -5}) == "--context-tokens: -5 must be more than 0"
    monkeypatch.setenv("ASKPOD_CONTEXT_TOKENS", "many")
    assert problem() == "ASKPOD_CONTEXT_TOKENS: must be a whole number"
    monkeypatch.delenv("ASKPOD_CONTEXT_TOKENS")
    monkeypatch.setenv("ASKPOD_PRECISION", "int4")
    assert problem() == "ASKPOD_PRECISION: 'int4' is none of int8, fp32"


def test_python_code_is_told_alike():
    with pytest.raises(SettingError, match=r"precision \(ASKPOD_PRECISION\): 'int4' is none of"):
        Settings(precision="int4")
    with pytest.raises(SettingError, match=r"answer_tokens .*: 0 must be more than 0"):
        replace(ModelSettings("tiny"), answer_tokens=0)
    with pytest.raises(TypeError, match="colour"):
        Settings(colour="red")


def test_a_file_that_is_not_text(tmp_path):
    (tmp_path / "askpod.toml").write_bytes(b'model = "\xff"')
    assert problem() == "askpod.toml: not UTF-8 text: save the file as UTF-8"


def test_the_page_on_settings_is_true(write):
    page = (Path(__file__).parents[1] / "docs" / "configure.md").read_text(encoding="utf-8")
    for name, variable in VARIABLES.items():
        assert f"`{name}`" in page
        assert f"`{variable}`" in page
    recipes = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert len(recipes) >= 5
    for recipe in recipes:
        write(recipe)
        assert Settings.load().model


def test_a_byte_order_mark_before_the_first_setting_is_passed_over(tmp_path):
    (tmp_path / "askpod.toml").write_bytes(b'\xef\xbb\xbfmodel = "tiny"\n')
    assert Settings.load(folder=tmp_path).model == ModelSettings("tiny")


def test_a_file_that_is_a_link_to_nothing_is_not_taken_for_none(tmp_path):
    (tmp_path / "askpod.toml").symlink_to(tmp_path / "unmounted" / "askpod.toml")
    with pytest.raises(SettingError, match=r"askpod\.toml: cannot be read: is a link to a file"):
        Settings.load(folder=tmp_path)
