"""The program behind nginx with the demo's accounts, an API key and an admin password, in a folder of its own."""

import contextlib

from stage import Stage


@contextlib.contextmanager
def running():
    """The stage, and an administrator's key."""
    stage = Stage(META_GRAPH_TIMEOUT="1", META_REQUEST_BUDGET="3", META_LOG_LEVEL="error")
    try:
        john, maria = stage.connect("john", "maria")
        stage.map("client_001", john, "104567890123")
        stage.map("café", maria, "112233445566778")
        # The password is that of the document's example.
        stage.set_password()
        yield stage, stage.metactl("apikey", "create", "--label", "contract", "--scope", "admin", "--quiet").strip()
    finally:
        stage.close()
