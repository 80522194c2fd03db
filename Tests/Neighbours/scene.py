"""What stands on the stage of the neighbours: the project's own nginx site, and an installation for each case."""

import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
sys.path.insert(0, str(REPOSITORY / "Tests/Benchmarks"))
import stage  # noqa: E402

PASSWORD = "correct horse battery staple"
WARM, EXPIRED, COLD, GROWN = "warm", 120, 200, 9_900
MOST_PAGES = 1 + EXPIRED + COLD


def fastcgi(parameters, body=b"", cut=None):
    """A request as a web server sends it; cut: only so many bytes of the body, and no end of it."""

    def record(kind, content):
        return b"\1" + bytes([kind]) + b"\0\1" + len(content).to_bytes(2, "big") + b"\0\0" + content

    def size(number):
        return bytes([number]) if number < 128 else (number | 1 << 31).to_bytes(4, "big")

    packed = b"".join(size(len(name)) + size(len(value)) + name.encode() + value.encode() for name, value in parameters.items())
    head = record(1, b"\0\1\0\0\0\0\0\0") + record(4, packed) + record(4, b"")
    if cut is not None:
        return head + record(5, body[:cut])
    pieces = [body[place : place + 65535] for place in range(0, len(body), 65535)]
    return head + b"".join(record(5, piece) for piece in pieces) + record(5, b"")


class Site(stage.Stage):
    """One nginx with the project's site; before it, for each case, a program on a copy of the same data."""

    def __init__(self, folder, programs, limit):
        super().__init__(folder, programs)
        self.limit = limit  # Bytes of a memory cgroup, or None.
        self.environment["META_CACHE_TTL"] = "1"
        self.environment["META_CONFIG"] = "/dev/null"
        self.socket = folder / "fcgi.sock"
        self.program = None
        self.world = ["--seed", "7", "--tokens", "1", "--pages", "800", "--media", "25"]

    def __enter__(self):
        self.output("cc", "-O2", "-o", self.folder / "client", HERE / "client.c")
        self.simulator = self.start(self.programs / "graph-simulator", "--listen", f"127.0.0.1:{self.graph_port}", *self.world)
        stage.wait_until(lambda: stage.accepts(self.graph_port), "the simulator does not listen")
        listing = self.output(self.programs / "graph-simulator", *self.world, "--print-tokens")
        self.metactl("token", "add", "--label", "torture", words=listing.split("\n")[0].split("\t")[1])
        self.write_site()
        self.nginx = self.start("nginx", "-p", self.folder, "-c", self.folder / "nginx.conf", "-e", self.folder / "nginx.log")
        stage.wait_until(lambda: stage.accepts(self.port), "nginx does not listen")
        self.prepare()
        return self

    def __exit__(self, *_):
        self.stop_program()
        super().__exit__()

    def write_site(self):
        described = subprocess.run(["nginx", "-V"], capture_output=True, text=True, env=self.environment).stderr
        share = pathlib.Path(re.search(r"--conf-path=(\S+)", described)[1]).parent
        os.symlink(REPOSITORY / "nginx", self.folder / "meta-module")
        os.symlink(share / "fastcgi_params", self.folder / "fastcgi_params")
        site = (REPOSITORY / "nginx/meta-module.conf").read_text()
        for mark, line in {
            "socket": f"server unix:{self.socket};", "media": 'default "";', "listen": f"listen 127.0.0.1:{self.port};",
            "listen6": "", "root": f"root {REPOSITORY}/www;",
        }.items():
            site, times = re.subn(rf"^.*# serve: {mark}$", line, site, flags=re.M)
            if times != 1:
                raise SystemExit(f"Tests/torture neighbours: nginx/meta-module.conf has no line marked {mark}")
        (self.folder / "site.conf").write_text(site)
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in ("client_body", "fastcgi", "proxy", "scgi", "uwsgi"))
        user = "user root root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(
            f"daemon off; pid {self.folder}/nginx.pid; {user} worker_processes 1; events {{ worker_connections 4096; }}\n"
            f"http {{ include {share}/mime.types; access_log off; {temporary} include {self.folder}/site.conf; }}\n"
        )

    # What every case begins with

    def prepare(self):
        """A warm grid, 120 that are cached and expired, 200 that never were, 9,900 of made-up clients; keys, a password."""
        self.start_program()
        self.key = self.create_key("torture", "admin")
        pages = json.loads(self.call("GET", "pages/"))["pages"]
        pages = [page for page in pages if page["ig_account_id"]][:MOST_PAGES]
        if len(pages) < MOST_PAGES:
            raise SystemExit(f"Tests/torture neighbours: the simulator has {len(pages)} pages with Instagram, not {MOST_PAGES}")
        names = [WARM, *(f"expired{number:08}" for number in range(EXPIRED)), *(f"cold{number:08}" for number in range(COLD))]
        for name, page in zip(names, pages):
            self.call("POST", "sync/", {"client_id": name, "fb_page_id": page["fb_page_id"], "token_id": page["token_id"]})
        for name in names[1 : 1 + EXPIRED]:
            self.call("GET", f"instagram/{name}/")
        self.reader = self.create_key("reader", "read")
        self.metactl("admin", "set-password", words=PASSWORD + "\n")
        self.stop_program()
        database = sqlite3.connect(self.folder / "data/meta.sqlite3")
        with database:
            sealed = database.execute("SELECT page_access_token FROM client_page_mapping LIMIT 1").fetchone()[0]
            database.executemany(
                """INSERT INTO client_page_mapping (client_id, fb_page_id, ig_account_id, page_access_token, token_id,
                revision, created_at, updated_at) VALUES (?, ?, ?, ?, 1, 1, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')""",
                ((f"grown{number:08}", str(200_000_000_000 + number), str(17_850_000_000_000_000 + number), sealed)
                 for number in range(GROWN)),
            )
        database.close()
        self.output(self.tool("cache-torture"), "fill", self.folder / "data/cache", 0, GROWN)
        self.environment["META_CACHE_TTL"] = "300"
        time.sleep(1.1)  # Until the 120 have expired.

    def create_key(self, label, scope):
        words = self.metactl("apikey", "create", "--label", label, "--scope", scope).split()
        return next(word for word in words if word.startswith("mm_"))

    def call(self, method, path, body=None):
        status, _, content = self.request(method, f"/api/meta/{path}", body)
        if status >= 300:
            raise SystemExit(f"Tests/torture neighbours: {method} {path} was answered {status}: {content[:200]}")
        return content

    # The program of a case

    def begin(self, settings=None, data=None, log=None):
        """The program on fresh data, its warm grid warm."""
        shutil.rmtree(self.folder / "case", ignore_errors=True)
        data = data or self.folder / "case"
        shutil.copytree(self.folder / "data", data, dirs_exist_ok=True)
        database = sqlite3.connect(data / "meta.sqlite3")
        with database:  # Used last an hour ago: the next use is worth writing down.
            database.execute("UPDATE api_key SET last_used_at = '2026-01-01T00:00:00Z'")
        database.close()
        self.case_environment = {"META_DATA_DIR": str(data)} | (settings or {})
        self.start_program(self.case_environment, log)
        for _ in range(3):
            self.request("GET", "/api/meta/health/")
        if not settings:
            self.call("GET", f"instagram/{WARM}/")
        with sqlite3.connect(data / "meta.sqlite3") as database:
            database.execute("UPDATE api_key SET last_used_at = '2026-01-01T00:00:00Z'")
        database.close()
        return data

    def start_program(self, environment=None, log=None):
        self.socket.unlink(missing_ok=True)
        output = log or open(self.folder / "program.log", "wb")  # noqa: SIM115
        self.program = subprocess.Popen(
            [self.programs / "meta.fcgi", "--listen", f"unix:{self.socket}"], env=self.environment | (environment or {}),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=output, preexec_fn=self.enter_cgroup,
        )
        stage.wait_until(self.socket.exists, "the program does not listen")

    def enter_cgroup(self):
        if self.limit:
            (self.limit / "cgroup.procs").write_text(str(os.getpid()))

    def stop_program(self):
        """Ends it as systemd would; returns the seconds that took, and its status."""
        if not self.program:
            return 0, None
        began = time.monotonic()
        self.program.send_signal(signal.SIGTERM)
        try:
            status = self.program.wait(20)
        except subprocess.TimeoutExpired:
            self.program.kill()
            status = self.program.wait()
        self.program = None
        return time.monotonic() - began, status

    def memory(self):
        """(now, highest) of the resident memory in MiB; None when the program is dead."""
        try:
            lines = pathlib.Path(f"/proc/{self.program.pid}/status").read_text()
        except OSError:
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
        return self.write(name, fastcgi(self.parameters(method, path, body, type, address, **more), body))

    def parameters(self, method, path, body, type, address, **more):
        return {
            "REQUEST_METHOD": method, "SCRIPT_NAME": "/api/meta", "PATH_INFO": f"/{path}", "REQUEST_URI": f"/api/meta/{path}",
            "REMOTE_ADDR": address, "HTTP_HOST": "localhost", "SERVER_PROTOCOL": "HTTP/1.1", "CONTENT_TYPE": type,
            "CONTENT_LENGTH": str(len(body)), "QUERY_STRING": "",
        } | more

    def fault(self, **fault):
        status, _, body = self.control("POST", "faults", fault)
        if status >= 300:
            raise SystemExit(f"Tests/torture neighbours: the simulator refuses a fault: {body}")

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
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
