"""What stands on the stage of the neighbours: the project's own nginx site, and an installation for each case."""

import http.server
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import stage  # noqa: E402

WARM, EXPIRED, COLD, GROWN = "warm", 120, 200, 9_900
MOST_PAGES = 1 + EXPIRED + COLD


class Scene(stage.Stage):
    """One nginx with the project's site; before it, for each case, a program on a copy of the same data."""

    def __init__(self, programs, limit):
        super().__init__(programs, META_CACHE_TTL="1", META_CACHE_MAX_BYTES=str(2 << 30))
        self.limit = limit  # A memory cgroup, or None.

    def prepare(self):
        self.output("cc", "-O2", "-o", self.folder / "client", HERE / "client.c")
        self.start_simulator("--seed", "7", "--tokens", "1", "--pages", "800", "--media", "25")
        self.metactl("token", "add", "--label", "torture", say=self.world["tokens"][0]["token"])
        self.write_site(connections=4096)
        self.start_nginx()
        self.furnish()

    # What every case begins with

    def furnish(self):
        """A warm grid, 120 that are cached and expired, 200 that never were, 9,900 of made-up clients; keys, a password."""
        self.start_program()
        self.key = self.create_key("torture")
        pages = [page for page in self.get("pages/")["pages"] if page["ig_account_id"]][:MOST_PAGES]
        if len(pages) < MOST_PAGES:
            raise stage.Failed(f"the simulator has {len(pages)} pages with Instagram, not {MOST_PAGES}")
        names = [WARM, *(f"expired{number:08}" for number in range(EXPIRED)), *(f"cold{number:08}" for number in range(COLD))]
        for name, page in zip(names, pages):
            self.map(name, page["token_id"], page["fb_page_id"])
        for name in names[1 : 1 + EXPIRED]:
            self.get(f"instagram/{name}/")
        self.reader = self.create_key("reader", "read")
        self.set_password()
        self.stop("program")
        self.grow(lambda number: f"grown{number:08}", range(GROWN), self.folder / "data")
        self.environment["META_CACHE_TTL"] = "300"
        time.sleep(1.1)  # Until the 120 have expired.

    # The program of a case

    def begin(self, settings=None, data=None, log=subprocess.DEVNULL):
        """The program on fresh data, its warm grid warm."""
        shutil.rmtree(self.folder / "case", ignore_errors=True)
        data = data or self.folder / "case"
        shutil.copytree(self.folder / "data", data, dirs_exist_ok=True)
        database = sqlite3.connect(data / "meta.sqlite3")
        with database:  # Used last an hour ago: the next use is worth writing down.
            database.execute("UPDATE api_key SET last_used_at = '2026-01-01T00:00:00Z'")
        database.close()
        self.start_case(data, settings, log)
        for _ in range(3):
            self.request("GET", "/api/meta/health/")
        if not settings:
            self.get(f"instagram/{WARM}/")
        with sqlite3.connect(data / "meta.sqlite3") as database:
            database.execute("UPDATE api_key SET last_used_at = '2026-01-01T00:00:00Z'")
        database.close()
        return data

    def start_case(self, data, settings=None, log=subprocess.DEVNULL):
        environment = {"META_DATA_DIR": str(data)} | (settings or {})
        self.start_program(environment=environment, stderr=log, preexec_fn=self.enter_cgroup)

    def enter_cgroup(self):
        if self.limit:
            (self.limit / "cgroup.procs").write_text(str(os.getpid()))

    def memory(self):
        """(now, highest) of the resident memory in MiB; None when the program is dead."""
        try:
            lines = pathlib.Path(f"/proc/{self.running['program'].pid}/status").read_text()
        except (KeyError, OSError):
            return None
        found = {name: int(value) / 1024 for name, value in re.findall(r"(VmRSS|VmHWM):\s+(\d+) kB", lines)}
        return (found["VmRSS"], found["VmHWM"]) if len(found) == 2 else None

    # What is sent

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def http(self, name, method, path, headers=(), body=b"", key=None):
        """A file with a request for nginx."""
        lines = [f"{method} /api/meta/{path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
        if key:
            lines.append(f"X-API-Key: {key}")
        if body or method in ("POST", "PATCH"):
            lines.append(f"Content-Length: {len(body)}")
        return self.write(name, "\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def direct(self, name, method, path, body=b"", type="application/json", address="127.0.0.1", **more):
        """A file with a request for the program's own socket."""
        more |= {"CONTENT_TYPE": type, "REMOTE_ADDR": address}
        return self.write(name, stage.records(stage.parameters(method, f"/{path}", body, **more), body))

    def crowd(self, where, seconds, at_once, each_second, *files):
        """So many at once, and then so many a second."""
        return [
            self.client(where, seconds, at_once, "parallel", at_once, *files), self.client(where, seconds, 0, "rate", each_second, *files)
        ]

    def client(self, where, seconds, limit, manner, number, *files):
        """Starts the client; its lines are read when it has ended."""
        command = [self.folder / "client", where, seconds, limit, manner, number, *files]
        return subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)


class BigGraph:
    """A Graph whose every answer is as large as we accept, in the form that costs a parser most."""

    def __init__(self, body):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # The program leaves as soon as it has had enough.
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
