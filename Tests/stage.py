"""What the suites have in common: the program, Meta's Graph simulated and nginx, on free ports of this machine and in a
folder that is removed afterwards.

A suite makes a subclass of `Stage`, says in `prepare` what stands on it, and opens it with `with`; `Site` is the whole
installation behind the project's own nginx site.
"""

import http.client
import itertools
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parent
REPOSITORY = TESTS.parent
PROGRAMS = ("meta.fcgi", "metactl", "meta-image", "graph-simulator")
PASSWORD = "correct horse battery staple"
# Servers live where an ordinary account's PATH does not look.
PATH = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"


class Failed(Exception):
    """What was started did not do what it should; in a sentence."""


def play(main):
    """Runs a suite to its exit status; a failure is said in one sentence."""
    name = pathlib.Path(sys.argv[0]).resolve().relative_to(REPOSITORY)
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"{name}: {failure}")


# ---- Programs


def built_programs():
    """The folder of what `swift build` made last, debug or release."""
    folders = [REPOSITORY / ".build" / name for name in ("debug", "release")]
    complete = [folder for folder in folders if all((folder / name).exists() for name in PROGRAMS)]
    if not complete:
        raise Failed(f"no {', '.join(PROGRAMS)} in {' or '.join(map(str, folders))}: swift build makes them")
    return max(complete, key=lambda folder: (folder / "meta.fcgi").stat().st_mtime)


def build(*products):
    """The folder of release programs, built as everybody's."""
    done = subprocess.run([REPOSITORY / "nginx/build", *products], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise Failed("the programs could not be built; the reason stands above")
    return pathlib.Path(done.stdout.splitlines()[-1])


def install(*needed, wished=()):
    """Debian packages that are missing, with those that `build` needs."""
    building = ("pkg-config", "libfcgi-dev", "libsqlite3-dev", "libcurl4-openssl-dev", "libssl-dev", "libturbojpeg0-dev", "libwebp-dev")
    if subprocess.run([REPOSITORY / "nginx/install-packages", *building, *needed, "--wished", *wished], stdout=sys.stderr).returncode:
        raise Failed("a package is missing; which one stands above")


# ---- Waiting


def wait_until(condition, what, seconds=60, process=None):
    end = time.monotonic() + seconds
    while not condition():
        if process and process.poll() is not None:
            raise Failed(f"{what}: it ended with status {process.returncode}")
        if time.monotonic() > end:
            raise Failed(f"{what} within {seconds} s")
        time.sleep(0.02)


# Below those that outgoing connections get (Linux: from 32768 on), each once in this process: what the system gives for 0 is of
# theirs, and may be given again before it is used.
_PORTS = itertools.cycle(random.sample(range(10_240, 32_768), 4_000))


def free_port():
    for port in _PORTS:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def accepts(where):
    """Whether somebody listens at a port, at (address, port), or at the path of a socket."""
    try:
        connect(where, 1).close()
        return True
    except OSError:
        return False


def connect(where, seconds):
    if isinstance(where, int):
        where = ("127.0.0.1", where)
    if isinstance(where, tuple):
        return socket.create_connection(where, timeout=seconds)
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(seconds)
        connection.connect(str(where))
    except OSError:
        connection.close()
        raise
    return connection


# ---- FastCGI, as a web server speaks it


def parameters(method, target, body=b"", **more):
    path, _, query = target.partition("?")
    return {
        "REQUEST_METHOD": method, "SCRIPT_NAME": "/api/meta", "PATH_INFO": path, "QUERY_STRING": query,
        "REQUEST_URI": "/api/meta" + target, "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost",
        "SERVER_PROTOCOL": "HTTP/1.1", "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)),
    } | more


def records(parameters, body=b"", cut=None):
    """The bytes of a request; cut: only so many of the body, and no end of it."""

    def record(kind, content):
        return b"\1" + bytes([kind]) + b"\0\1" + len(content).to_bytes(2, "big") + b"\0\0" + content

    def size(number):
        return bytes([number]) if number < 128 else (number | 1 << 31).to_bytes(4, "big")

    pairs = parameters.items()
    packed = b"".join(size(len(name)) + size(len(value)) + name.encode() + value.encode() for name, value in pairs)
    head = record(1, b"\0\1\0\0\0\0\0\0") + record(4, packed) + record(4, b"")
    if cut is not None:
        return head + record(5, body[:cut])
    pieces = [body[place : place + 65535] for place in range(0, len(body), 65535)]
    return head + b"".join(record(5, piece) for piece in pieces) + record(5, b"")


def ask(path, parameters, body=b"", seconds=60):
    """The status of the program's answer at its socket (0 where it has none), its headers in small letters, its body."""
    with connect(path, seconds) as connection:
        connection.sendall(records(parameters, body))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    content, place = b"", 0
    while place + 8 <= len(answer):
        end = place + 8 + int.from_bytes(answer[place + 4 : place + 6], "big")
        if answer[place + 1] == 6:  # FCGI_STDOUT
            content += answer[place + 8 : end]
        place = end + answer[place + 6]
    head, _, body = content.partition(b"\r\n\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head.decode().split("\r\n"))}
    return int(headers.get("status", "0")[:3]), headers, body


# ---- The stage


class Stage:
    """A folder, an installation's settings, and what was started there. `key` is sent with requests once there is one."""

    def __init__(self, programs=None, folder=None, **settings):
        self.programs = pathlib.Path(programs).resolve() if programs else built_programs()
        # In /tmp, whatever TMPDIR says: the path of a socket has room for 107 bytes.
        self.folder = folder or pathlib.Path(tempfile.mkdtemp(prefix="meta-stage.", dir="/tmp"))
        self.material = REPOSITORY  # Where nginx/ and www/ are.
        self.running, self.key = {}, None
        self.socket, self.port = self.folder / "fcgi.sock", free_port()
        self.environment = {
            "PATH": PATH, "HOME": str(self.folder), "LANG": "C.UTF-8", "META_CONFIG": "/dev/null",
            "META_DATA_DIR": str(self.folder / "data"),
        } | settings

    def prepare(self):
        """What stands on it from the beginning."""

    def __enter__(self):
        try:
            self.prepare()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for name in reversed(list(self.running)):
            self.stop(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    # Starting and stopping

    def start(self, name, *command, ready=None, environment=None, **more):
        """Starts a program, and waits until it accepts connections at `ready` or until that says so. What it says goes to NAME.log."""
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen(
                [str(word) for word in command],
                # A group of its own: what it starts in turn ends with it.
                **{"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "cwd": self.folder, "start_new_session": True,
                   "env": self.environment | (environment or {})} | more)
        self.running[name] = process
        if ready:
            wait_until(ready if callable(ready) else lambda: accepts(ready), f"{name} was not ready", process=process)
        return process

    def stop(self, name):
        """Ends a program as systemd would, if it still runs; its exit status."""
        process = self.running.pop(name, None)
        if not process:
            return None
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return process.wait()

    def start_simulator(self, *world):
        """Meta's Graph, simulated; this installation asks it from now on."""
        log = self.folder / "simulator.log"
        listening = re.compile(r"http://127\.0\.0\.1:(\d+)\n")
        command = [self.programs / "graph-simulator", "--listen", "127.0.0.1:0", *(world or ["--demo"])]
        self.start("simulator", *command, ready=lambda: listening.search(log.read_text()))
        self.graph_port = int(listening.search(log.read_text())[1])
        self.environment["META_GRAPH_URL"] = f"http://127.0.0.1:{self.graph_port}"
        self.world = self.control("world")

    def start_program(self, name="program", path=None, **more):
        path = path or self.socket
        path.unlink(missing_ok=True)
        return self.start(name, self.programs / "meta.fcgi", "--listen", f"unix:{path}", ready=path, **more)

    def start_nginx(self, name="nginx"):
        command = ["nginx", "-p", self.folder, "-e", self.folder / "nginx.log", "-c", self.folder / "nginx.conf"]
        return self.start(name, *command, ready=self.port)

    def write_nginx(self, http, connections=1024):
        kinds = ("client_body", "fastcgi", "proxy", "scgi", "uwsgi")
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};\n" for kind in kinds)
        # As root, nginx would run its workers as somebody who may not open our socket.
        user = "user root root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(
            f"daemon off; pid {self.folder}/nginx.pid; {user} worker_processes 1;\n"
            f"events {{ worker_connections {connections}; }}\nhttp {{\naccess_log off;\n{temporary}{http}\n}}\n")

    def write_site(self, upstream=None, media="", more="", connections=1024):
        """The project's own site, whose lines marked "serve:" are set as nginx/serve sets them."""
        described = subprocess.run(["nginx", "-V"], capture_output=True, text=True, env={"PATH": PATH}).stderr
        share = pathlib.Path(re.search(r"--conf-path=(\S+)", described)[1]).parent
        for name, origin in {"meta-module": self.material / "nginx", "fastcgi_params": share / "fastcgi_params"}.items():
            if not (self.folder / name).exists():
                os.symlink(origin, self.folder / name)
        site = (self.material / "nginx/meta-module.conf").read_text()
        for mark, line in {
            "socket": f"server {upstream or f'unix:{self.socket}'};",
            "cache": f"fastcgi_cache_path {self.folder}/pictures keys_zone=meta_media:1m max_size=1g use_temp_path=off;",
            "media": f'default "{media}";',
            "listen": f"listen 127.0.0.1:{self.port};",
            "listen6": "",
            "root": f"root {self.material}/www;",
        }.items():
            site, times = re.subn(rf"^.*# serve: {mark}$", line, site, flags=re.MULTILINE)
            if times != 1:
                raise Failed(f"nginx/meta-module.conf has {times} lines marked serve: {mark}")
        (self.folder / "site.conf").write_text(site.replace("server_tokens off;", f"server_tokens off; {more}"))
        self.write_nginx(f"include {share}/mime.types;\ninclude {self.folder}/site.conf;", connections)

    # Saying and asking

    def output(self, *command, say="", **environment):
        """What a command prints; secrets go to its standard input."""
        done = subprocess.run(
            [str(word) for word in command], input=say, env=self.environment | environment, capture_output=True, text=True)
        if done.returncode:
            words = " ".join(map(str, command))
            raise Failed(f"{words} ended with status {done.returncode}: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def metactl(self, *arguments, say="", **environment):
        return self.output(self.programs / "metactl", *arguments, say=say, **environment)

    def create_key(self, label, scope="admin", **environment):
        return self.metactl("apikey", "create", "--label", label, "--scope", scope, "--quiet", **environment).strip()

    def set_password(self):
        self.metactl("admin", "set-password", say=PASSWORD + "\n")

    def token(self, label):
        """A token of the simulated world, by its label."""
        return next(token["token"] for token in self.world["tokens"] if token["label"] == label)

    def request(self, method, target, body=None, port=None):
        """Status, headers and content of what nginx answers, or whoever listens at the port."""
        headers = {"Host": "localhost"} | ({"X-API-Key": self.key} if self.key else {})
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=60)
        try:
            connection.request(method, target, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def _json(self, method, target, body, port=None):
        status, _, content = self.request(method, target, body or None, port)
        if status >= 300:
            raise Failed(f"{method} {target} was answered {status}: {content[:300].decode(errors='replace')}")
        return json.loads(content or b"{}")

    def call(self, method, path, **body):
        return self._json(method, f"/api/meta/{path}", body)

    def get(self, path):
        return self.call("GET", path)

    def connect(self, *labels):
        """Stores tokens, as somebody did earlier; their ids."""
        return [self.call("POST", "tokens/", access_token=self.token(label), account_label=label)["id"] for label in labels]

    def map(self, client, token, page):
        self.call("POST", "sync/", client_id=client, fb_page_id=page, token_id=token)

    # Meta, and what goes wrong there

    def control(self, what, method="GET", **body):
        return self._json(method, f"/_control/{what}", body, self.graph_port)

    def fault(self, kind, **more):
        self.control("faults", "POST", kind=kind, **more)

    def heal(self):
        self.control("faults", "DELETE")

    # Many clients

    def tool(self, name):
        """A program of the tests; built when it is first needed."""
        path = self.programs / name
        return path if path.exists() else build(name) / name

    def grow(self, name, numbers, data):
        """Adds made-up clients to a data directory: a mapping for each, and its grid in the cache. `name` makes names of numbers."""
        with sqlite3.connect(data / "meta.sqlite3", timeout=60) as database:
            sealed = database.execute("SELECT page_access_token FROM client_page_mapping LIMIT 1").fetchone()[0]
            database.executemany(
                """INSERT INTO client_page_mapping (client_id, fb_page_id, ig_account_id, page_access_token, token_id,
                revision, created_at, updated_at)
                VALUES (?, ?, ?, ?, 1, ?, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')""",
                ((name(number), str(200_000_000_000 + number), str(17_850_000_000_000_000 + number), sealed, 1_000_000 + number)
                 for number in numbers))
        database.close()
        self.output(self.tool("cache-torture"), "fill", data / "cache", numbers.start, numbers.stop)


class Site(Stage):
    """The program, the simulator and nginx with the project's site, at `url`. The page is there once more below /social/,
    as on a shared host."""

    def __init__(self, *world, programs=None, **settings):
        super().__init__(programs, **{"META_BACKOFF_UNIT_MS": "1"} | settings)
        self.url = f"http://127.0.0.1:{self.port}/"
        self.simulated = world

    def prepare(self):
        self.start_simulator(*self.simulated)
        # What the page says of permissions and expiry comes from debug_token, which needs the app.
        self.environment |= {"META_APP_ID": self.world["app_id"], "META_APP_SECRET": self.world["app_secret"]}
        self.start_program()
        self.write_site()
        self.start_nginx()
        wait_until(lambda: self.get("health/")["status"] == "ok", "not healthy")

    def write_site(self, more=""):
        below = f"location /social/ {{ alias {REPOSITORY}/www/; }} rewrite ^/social(/api/meta/.*) $1;"
        super().write_site(media=f" http://127.0.0.1:{self.graph_port}", more=f"{below} {more}")
