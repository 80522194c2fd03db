"""The program behind nginx with the demo's accounts, an API key and an admin password, in a folder of its own."""

import contextlib
import hashlib
import base64
import os
import sqlite3

from stage import PASSWORD, Stage

KEY = "mm_contract_test_key"


@contextlib.contextmanager
def running():
    stage = Stage(META_GRAPH_TIMEOUT="1", META_REQUEST_BUDGET="3", META_LOG_LEVEL="error")
    try:
        john, maria = stage.connect("john", "maria")
        stage.map("client_001", john, "104567890123")
        stage.map("café", maria, "112233445566778")
        add_credentials(stage.folder / "data/meta.sqlite3")
        yield stage, KEY
    finally:
        stage.close()


def add_credentials(database):
    """An administrator's key, and the password of the document's example."""
    salt = os.urandom(16)
    derived = hashlib.scrypt(PASSWORD.encode(), salt=salt, n=16384, r=8, p=5, maxmem=1 << 26, dklen=32)
    salt, derived = (base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (salt, derived))
    now = "2026-01-01T00:00:00Z"
    with contextlib.closing(sqlite3.connect(database, timeout=10)) as connection, connection:
        connection.execute(
            "INSERT INTO api_key (label, scope, prefix, hash, created_at) VALUES ('contract', 'admin', ?, ?, ?)",
            (KEY[:8], hashlib.sha256(KEY.encode()).digest(), now))
        connection.execute(
            "INSERT INTO admin_password (id, hash, updated_at) VALUES (1, ?, ?)",
            (f"scrypt$16384$8$5${salt}${derived}", now))
