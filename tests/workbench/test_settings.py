"""The command line and the environment become settings, or one line that says what is wrong."""

import errno
import os
import socket
from pathlib import Path

import pytest

from workbench import settings
from workbench.settings import SettingsError, check_port, default_workspace, has_display, parse, prepare_workspace


def refused(capsys, argv, environ=None):
    with pytest.raises(SystemExit) as left:
        parse(argv, environ or {})
    said = capsys.readouterr().err
    assert left.value.code == 2
    assert said.count("\n") == 1, said
    return said


def test_nothing_said_means_this_machine_in_chinese():
    chosen = parse([], {"HOME": "/home/li", "DISPLAY": ":0"})
    assert (chosen.host, chosen.port, chosen.language, chosen.auth, chosen.share) == ("127.0.0.1", 7860, "zh", None, False)
    assert chosen.database == f"sqlite:///{chosen.workspace.as_posix()}/duomo.db"
    assert chosen.address == "http://127.0.0.1:7860"


def test_the_command_line_wins_over_the_environment():
    environ = {"DUOMO_PORT": "7900", "DUOMO_LANGUAGE": "en", "DUOMO_AUTH": "li:a:b", "DUOMO_SHARE": "1", "DUOMO_WORKSPACE": "~/w"}
    chosen = parse(["--port", "7901"], environ)
    assert (chosen.port, chosen.language, chosen.auth, chosen.share) == (7901, "en", ("li", "a:b"), True)
    assert chosen.workspace == Path.home() / "w"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.org", ""])
def test_a_page_on_another_address_is_open_to_others(host):
    assert parse(["--host", host], {}).open
    assert parse(["--host", host, "--auth", "li:secret"], {}).open


def test_a_shared_page_is_open_to_others():
    assert parse(["--share"], {}).open
    assert parse([], {"DUOMO_SHARE": "yes"}).open


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "localhost", "::1"])
def test_a_page_on_this_machine_is_not(host):
    assert not parse(["--host", host], {}).open
    assert not parse(["--host", host, "--auth", "li:secret"], {}).open


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--auth", "li"], "USER:PASSWORD"),
        (["--auth", "li:"], "USER:PASSWORD"),
        (["--port", "80000"], "from 1 to 65535"),
        (["--port", "http"], "from 1 to 65535"),
        (["--port", "７８６０"], "from 1 to 65535"),
        (["--language", "fr"], "zh or en"),
        (["--colour"], "--colour"),
    ],
)
def test_bad_options_are_one_line(capsys, argv, said):
    assert said in refused(capsys, argv)


def test_a_bad_switch_in_the_environment_is_one_line(capsys):
    assert "DUOMO_SHARE" in refused(capsys, [], {"DUOMO_SHARE": "perhaps"})


def test_a_browser_opens_only_where_there_can_be_one():
    assert has_display({"WAYLAND_DISPLAY": "wayland-0"}, "linux")
    assert not has_display({}, "linux")
    assert has_display({}, "darwin")
    assert not parse(["--no-browser"], {"DISPLAY": ":0"}).browser


def test_the_workspace_lies_where_the_system_keeps_such_things():
    assert default_workspace({"XDG_DATA_HOME": "/data"}, "linux") == Path("/data/duomo")
    assert default_workspace({}, "linux") == Path.home() / ".local/share/duomo"
    assert default_workspace({}, "darwin") == Path.home() / "Library/Application Support/Duomo"
    assert default_workspace({"LOCALAPPDATA": "/local"}, "win32") == Path("/local/Duomo")


def test_a_password_is_not_shown_in_the_help(capsys):
    with pytest.raises(SystemExit):
        parse(["--help"], {"DUOMO_AUTH": "li:geheim", "DUOMO_DATABASE": "postgresql://li:geheim@host/db"})
    assert "geheim" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("host", "address"),
    [("0.0.0.0", "http://127.0.0.1:7860"), ("::", "http://[::1]:7860"), ("localhost", "http://localhost:7860")],
)
def test_the_address_can_be_typed_into_a_browser(host, address):
    assert parse(["--host", host, "--auth", "a:b"], {}).address == address


def test_the_microphone_is_for_who_sits_at_it():
    assert parse([], {}).microphone
    assert not parse(["--share", "--auth", "li:secret"], {}).microphone
    assert not parse(["--host", "0.0.0.0", "--auth", "li:secret"], {}).microphone


def test_a_recogniser_is_named_on_the_command_line_or_in_the_environment():
    assert (parse([], {}).asr, parse([], {"DUOMO_ASR": "whisper"}).asr, parse(["--asr", "w"], {}).asr) == ("", "whisper", "w")


def test_a_taken_port_names_the_next_free_one():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"port {port} .* taken .* --port \d+") as caught:
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", int(str(caught.value).rsplit(" ", 1)[1]))
    check_port("127.0.0.1", port)


def test_a_port_of_the_system_and_an_address_of_another_machine_are_told(monkeypatch):
    with pytest.raises(SettingsError, match=r"cannot listen on 203\.0\.113\.7"):
        check_port("203.0.113.7", 7860)
    monkeypatch.setattr(settings, "_listen_error", lambda host, port: PermissionError(errno.EACCES, "Permission denied"))
    with pytest.raises(SettingsError, match="reserved for the system"):
        check_port("127.0.0.1", 80)


def test_a_workspace_is_made_and_left_empty(tmp_path):
    prepare_workspace(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_workspace_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "inside"):
        with pytest.raises(SettingsError, match="choose another with --workspace DIR"):
            prepare_workspace(folder)


def test_a_read_only_workspace_is_told(tmp_path):
    tmp_path.chmod(0o500)
    if os.access(tmp_path, os.W_OK):
        pytest.skip("this user may write anywhere")
    with pytest.raises(SettingsError, match="choose another with --workspace DIR"):
        prepare_workspace(tmp_path)
