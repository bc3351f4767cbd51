"""Settings: each wrong one stops the start with one clear line."""

import pytest

from traceability.config import SettingError, read_settings


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("PORT", text) for text in ("abc", "0", "-1", "65536", "70000", "80.0", "8_000", "٨٠", "+80", "9" * 5000)),
        *(("WORKERS", text) for text in ("0", "65", "two", "-1")),
        *(("TRUSTED_PROXIES", text) for text in ("-1", "11", "x")),
        *(("SMTP_HOST", text) for text in ("smtp example.vn", "smtp.example.vn:25", "https://smtp.example.vn", "-x")),
        *(
            ("PUBLIC_URL", text)
            for text in (
                "https://trace.example.vn/path",
                "https://trace.example.vn?x=1",
                "https://trace.example.vn#x",
                "https://user@trace.example.vn",
                "https://user:secret@trace.example.vn",
                "https://[2001:db8::1]",
                "https://[2001:db8::1",
                "https://[2001:db8::1]:8443",
                "ftp://trace.example.vn",
                "trace.example.vn",
                "//trace.example.vn",
                "https://",
                "https:///x",
                "https://:8443",
                "https://trace.example.vn:abc",
                "https://trace.example.vn:70000",
                "https://trace.example.vn.",
                "https://trace..example.vn",
                "https://-trace.example.vn",
                "https://truy-xuất.vn",
                "https://trace example.vn",
                "https://" + "a" * 64 + ".vn",
                "javascript:alert(1)",
            )
        ),
        *(
            ("DATABASE_URL", text)
            for text in (
                "mysql://user:geheim@host/name",
                "mysql+pymysql://user:geheim@host/name",
                "postgresql+asyncpg://user:geheim@host/name",
                "postgresql+psycopg://user:geheim@host:port/name",
                "sqlite://",
                "sqlite:///",
                "sqlite:///:memory:",
                "oracle",
                "/var/lib/traceability.db",
                "://",
            )
        ),
    ],
)
def test_a_wrong_setting_gives_one_clear_line_that_names_it(name, text):
    with pytest.raises(SettingError) as caught:
        read_settings({name: text})
    line = str(caught.value)
    assert line.startswith(name) and "\n" not in line and "geheim" not in line
    # Nobody sees the library's own words behind it.
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("url", "test_mode"),
    [
        ("https://trace.example.vn", False),
        ("https://trace.example.vn/", False),
        ("https://trace.example.vn:443", False),
        ("HTTPS://Trace.Example.VN", False),
        ("https://8.8.8.8", False),
        ("http://trace.example.vn", True),
        ("https://trace.example.vn:8443", True),
        ("https://localhost", True),
        ("https://trace", True),
        ("https://127.0.0.1", True),
        ("https://10.0.0.5", True),
        ("https://172.16.0.5", True),
        ("https://192.168.1.20", True),
        ("https://169.254.1.1", True),
        ("https://192.0.2.1", True),
        ("https://tem.local", True),
        ("https://TEM.LOCAL", True),
        ("https://tem.lan", True),
        ("https://tem.test", True),
        ("https://tem.home.arpa", True),
    ],
)
def test_only_a_public_https_address_is_not_test_mode(url, test_mode):
    assert read_settings({"PUBLIC_URL": url}).test_mode is test_mode


MAILS = {"SMTP_HOST": "smtp.example.vn", "SMTP_FROM": "tem@example.vn"}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        *(({"SMTP_FROM": text}, "SMTP_FROM") for text in ("", "tem", "tem@example.vn\nBcc: x@example.vn", "Tem <tem@example.vn>", "a b@c")),
        ({"SMTP_SECURITY": "ssl"}, "SMTP_SECURITY"),
        ({"SMTP_PORT": "0"}, "SMTP_PORT"),
        ({"SMTP_USER": "tem"}, "SMTP_USER"),
        ({"SMTP_PASSWORD": "geheim"}, "SMTP_USER"),
        ({"SMTP_USER": "tem", "SMTP_PASSWORD": "geheim", "SMTP_SECURITY": "none"}, "SMTP_SECURITY"),
    ],
)
def test_a_wrong_setting_of_the_mail_server_stops_the_start(given, named):
    with pytest.raises(SettingError) as caught:
        read_settings(MAILS | given)
    assert str(caught.value).startswith(named) and "geheim" not in str(caught.value) and "\n" not in str(caught.value)


def test_the_mail_server_has_the_usual_port_of_how_it_is_spoken_to():
    assert read_settings({"SMTP_FROM": "tem@example.vn"}).mail_server is None
    for security, port in (("", 587), ("starttls", 587), ("tls", 465), ("none", 25)):
        server = read_settings(MAILS | {"SMTP_SECURITY": security}).mail_server
        assert (server.host, server.port, server.security) == ("smtp.example.vn", port, security or "starttls")
    settings = read_settings(MAILS | {"SMTP_PORT": "2525", "SMTP_USER": "tem", "SMTP_PASSWORD": "geheim"})
    assert settings.mail_server.port == 2525 and settings.mail_server.password == "geheim" and "geheim" not in repr(settings)


def test_the_public_address_has_neither_a_usual_port_nor_a_slash_and_the_host_of_codes_is_in_capitals():
    for url in ("https://Trace.Example.vn/", "https://trace.example.vn:443"):
        settings = read_settings({"PUBLIC_URL": url})
        assert (settings.public_url, settings.public_host) == ("https://trace.example.vn", "TRACE.EXAMPLE.VN")
    assert read_settings({"PUBLIC_URL": "http://trace.example.vn:80"}).public_url == "http://trace.example.vn"
    assert read_settings({"PUBLIC_URL": "https://trace.example.vn:8443"}).public_host == "TRACE.EXAMPLE.VN"


def test_without_settings_it_serves_this_machine_in_test_mode():
    settings = read_settings({})
    assert (settings.host, settings.port, settings.public_url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    assert settings.test_mode and 1 <= settings.workers <= 4
    assert settings.database_url == f"sqlite:///{settings.instance / 'traceability.db'}"


def test_an_empty_setting_is_none_and_spaces_around_one_do_not_count():
    names = ("PUBLIC_URL", "DATABASE_URL", "HOST", "PORT", "LAN", "WORKERS", "INSTANCE", "TRUSTED_PROXIES", "OPERATOR")
    assert read_settings(dict.fromkeys(names, "")) == read_settings({})
    assert read_settings({"PORT": " 8080 "}).port == 8080


def test_listening_on_all_addresses_names_one_that_opens():
    assert read_settings({"HOST": "0.0.0.0", "PORT": "80"}).public_url == "http://127.0.0.1"


def test_an_address_of_postgresql_gets_its_driver():
    for scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        assert read_settings({"DATABASE_URL": f"{scheme}://u:p@h:5432/n"}).database_url == "postgresql+psycopg://u:p@h:5432/n"


def test_secrets_are_not_in_the_text_of_the_settings():
    settings = read_settings({"DATABASE_URL": "postgresql://user:geheim@host/name"})
    assert "geheim" not in repr(settings) and "geheim" not in str(settings) and "geheim" in settings.database_url


@pytest.mark.parametrize(
    ("given", "language"),
    [
        ({}, "en"),
        ({"LANG": "vi_VN.UTF-8"}, "vi"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "fr_FR"}, "en"),
        ({"LANG": "vi_VN", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "vi_VN"}, "vi"),
    ],
)
def test_commands_speak_the_language_of_the_environment(given, language):
    assert read_settings(given).language == language
