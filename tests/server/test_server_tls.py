"""A server behind TLS, with a certificate of one's own."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import pytest

from askpod.errors import ServerError
from askpod.settings import Settings


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_a_certificate_is_trusted_where_its_root_is_named(
    machine, proxy, database, write_episode, tmp_path
):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    named = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
    subprocess.run(["openssl", *made.split(), *named], check=True, capture_output=True)
    url = proxy.speak_tls(certificate, key)
    distrusted = Settings(chroma_url=url, chroma_database=database)
    with pytest.raises(ServerError, match=r"certificate .*not trusted.*ASKPOD_CHROMA_CA"):
        machine("ada", settings=distrusted, create=True)
    trusted = replace(distrusted, chroma_ca=certificate)
    machine("ada", settings=trusted, create=True).index([write_episode("bees.md", ["Bees dance."])])
    assert len(machine("bob", settings=trusted).episodes()) == 1
    plain = Settings(chroma_url=url.replace("https:", "http:"), chroma_database=database)
    with pytest.raises(ServerError):
        machine("cleo", settings=plain)
