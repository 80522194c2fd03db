"""Everything that a measurement needs, on loopback and in a temporary folder: nginx, the program, the simulator, the
bare C responder and, where it is installed, PHP-FPM."""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
CLIENT = "client_001"
# How many mappings and cache entries the program is measured with.
SIZES = (100, 10_000, 100_000)
# With how many threads the C responder is tried.
THREADS = (1, 2, 4, 8, 16, 32)


NEEDED = ("nginx", "wrk", "gcc", "libc6-dev", "pkg-config", "libfcgi-dev", "libfcgi-bin", "libsqlite3-dev",
          "libcurl4-openssl-dev", "libssl-dev")  # fmt: skip
# Without these the comparisons with PHP are left out.
WISHED = ("php-fpm", "php-cgi", "php-sqlite3")


def install():
    """Debian packages that are missing; says which when they cannot be installed."""
    if not shutil.which("dpkg-query"):
        return

    def is_missing(package):
        query = ["dpkg-query", "--show", "--showformat", "${db:Status-Status}", package]
        return subprocess.run(query, capture_output=True, text=True).stdout != "installed"

    missing = [package for package in NEEDED + WISHED if is_missing(package)]
    if not missing:
        return
    print(f"… installing {' '.join(missing)}", file=sys.stderr, flush=True)
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    if not as_root or shutil.which("sudo"):
        subprocess.run([*apt, "update"], stdout=sys.stderr)
        subprocess.run([*apt, "install", "--yes", "--no-install-recommends", *missing], stdout=sys.stderr)
    if pathlib.Path("/run/systemd/system").is_dir():  # Debian has started the servers that it has just installed.
        for package, unit in (("nginx", "nginx"), ("php-fpm", "php*-fpm")):
            if package in missing:
                subprocess.run([*as_root, "systemctl", "stop", unit], capture_output=True)
    lacking = [package for package in NEEDED if is_missing(package)]
    if lacking:
        raise SystemExit(f"Tests/Benchmarks/run: these are needed; as root: apt-get install {' '.join(lacking)}")


def build(*products):
    """Release programs, built as everybody's."""
    done = subprocess.run([REPOSITORY / "nginx/build", *products], check=True, stdout=subprocess.PIPE, text=True)
    return pathlib.Path(done.stdout.splitlines()[-1])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"Tests/Benchmarks/run: {what} after {seconds} s")
        time.sleep(0.02)


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Stage:
    def __init__(self, folder, programs):
        self.folder, self.programs = folder, programs
        self.children = []
        self.best = {}  # Threads of the C responder, by whether connections are kept.
        self.port, self.graph_port = free_port(), free_port()
        self.environment = {
            "PATH": os.environ["PATH"] + ":/usr/sbin",
            "HOME": str(folder),
            "META_DATA_DIR": str(folder / "data"),
            "META_GRAPH_URL": f"http://127.0.0.1:{self.graph_port}",
            "META_CACHE_TTL": "86400",
            "META_CACHE_MAX_BYTES": str(2 << 30),  # A hundred thousand entries take more than the default.
        }

    def __enter__(self):
        self.compile()
        self.simulator = self.start(self.programs / "graph-simulator", "--listen", f"127.0.0.1:{self.graph_port}", "--demo")
        wait_until(lambda: accepts(self.graph_port), "the simulator does not listen")
        self.token = self.output(self.programs / "graph-simulator", "--demo", "--print-tokens").split("\t")[1].split("\n")[0]
        self.metactl("token", "add", "--label", "bench", words=self.token)
        body = {"client_id": CLIENT, "fb_page_id": "104567890123", "token_id": 1}
        self.metactl("request", "POST", "/sync/", "-d", json.dumps(body))
        self.key = next(
            word for word in self.metactl("apikey", "create", "--label", "bench", "--scope", "admin").split() if word[:3] == "mm_"
        )
        self.program = self.start(self.programs / "meta.fcgi", "--listen", f"unix:{self.folder}/ours.sock", log="ours.log")
        wait_until((self.folder / "ours.sock").exists, "the program does not listen")
        self.write_nginx()
        self.nginx = self.start("nginx", "-p", self.folder, "-c", self.folder / "nginx.conf", "-e", self.folder / "nginx.log")
        wait_until(lambda: accepts(self.port), "nginx does not listen")
        self.request("GET", self.grid("ours-off"))
        status, headers, body = self.request("GET", self.grid("ours-off"))
        if status != 200 or headers.get("X-Cache") != "hit":
            raise SystemExit(f"Tests/Benchmarks/run: no warm grid: {status} {body[:200]}")
        self.write_answer(headers, body)
        self.references = {}
        for threads in THREADS:
            socket = self.folder / f"reference-{threads}.sock"
            self.references[threads] = self.start(self.folder / "reference-responder", socket, self.folder / "answer", threads)
            wait_until(socket.exists, "the reference does not listen")
        self.start_php()
        return self

    def __exit__(self, *_):
        for child in reversed(self.children):
            child.send_signal(signal.SIGTERM)
        for child in self.children:
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()

    # What is started

    def start(self, *command, log=None, environment=None):
        output = open(self.folder / log, "wb") if log else subprocess.DEVNULL  # noqa: SIM115
        child = subprocess.Popen(
            [str(word) for word in command], env=self.environment | (environment or {}), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        self.children.append(child)
        return child

    def output(self, *command, words=""):
        command = [str(word) for word in command]
        return subprocess.run(
            command, env=self.environment, input=words, capture_output=True, text=True, check=True
        ).stdout

    def metactl(self, *command, words=""):
        return self.output(self.programs / "metactl", *command, words=words)

    def compile(self):
        for name, libraries in (
            ("reference-responder", ["-lfcgi", "-lpthread"]),
            ("reference-cgi", ["-Wl,--no-as-needed", "-lfcgi", "-lsqlite3", "-lcurl", "-lcrypto"]),
            ("spawn-timer", []),
        ):
            self.output("cc", "-O2", "-o", self.folder / name, HERE / f"{name}.c", *libraries)

    def write_answer(self, headers, body):
        (self.folder / "body").write_bytes(body)
        kept = ("Content-Type", "X-Cache", "Age", "Cache-Control", "ETag", "X-Request-Id", "X-Content-Type-Options")
        head = "Status: 200 OK\r\n" + "".join(f"{name}: {headers[name]}\r\n" for name in kept)
        head += f"Content-Length: {len(body)}\r\n\r\n"
        (self.folder / "answer").write_bytes(head.encode() + body)

    def write_nginx(self):
        places = []
        for name, upstream, kept in (
            ("ours-off", "ours", False), ("ours-on", "ours_kept", True),
            ("php-off", "php", False),
            *((f"c{threads}-off", f"reference-{threads}", False) for threads in THREADS),
            *((f"c{threads}-on", f"reference-{threads}_kept", True) for threads in THREADS),
            *((f"grown-{size}", f"grown_{size}", False) for size in SIZES),
        ):
            script = f"fastcgi_param SCRIPT_FILENAME {self.folder}/grid.php;" if upstream == "php" else ""
            places.append(
                f"""location ~ ^/{name}(?<rest>/.*)$ {{
                  {script} fastcgi_param SCRIPT_NAME /{name}; fastcgi_param PATH_INFO $rest;
                  include /etc/nginx/fastcgi_params; fastcgi_keep_conn {'on' if kept else 'off'};
                  fastcgi_buffer_size 16k; fastcgi_buffers 16 16k; fastcgi_pass {upstream}; }}"""
            )
        # Graph behind the same nginx: so the two differ by our program alone.
        places.append(
            f"location /graph/ {{ proxy_http_version 1.1; proxy_pass http://127.0.0.1:{self.graph_port}/; }}"
        )
        names = ["ours", "php", *(f"grown_{size}" for size in SIZES), *(f"reference-{threads}" for threads in THREADS)]
        sockets = {name: f"{name}.sock" for name in names}
        upstreams = "".join(
            f"upstream {name} {{ server unix:{self.folder}/{path}; }}\n"
            f"upstream {name}_kept {{ server unix:{self.folder}/{path}; keepalive 16; }}\n"
            for name, path in sockets.items()
        )
        user = "user root;" if os.geteuid() == 0 else ""
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in ("client_body", "fastcgi", "proxy", "scgi", "uwsgi"))
        (self.folder / "nginx.conf").write_text(
            f"""daemon off; {user} worker_processes 1; pid {self.folder}/nginx.pid; events {{ worker_connections 1024; }}
            http {{ access_log off; keepalive_requests 1000000; {temporary} {upstreams}
              server {{ listen 127.0.0.1:{self.port} backlog=1024; {' '.join(places)} }} }}"""
        )

    def start_php(self):
        """PHP with opcache: one lookup in the database, one file read; `None` where PHP is not installed."""
        self.php = None
        found = sorted(pathlib.Path("/usr/sbin").glob("php-fpm*"))
        if not found:
            return
        (self.folder / "grid.php").write_text(
            f"""<?php $d = new PDO('sqlite:{self.folder}/data/meta.sqlite3');
            $s = $d->prepare('SELECT ig_account_id FROM client_page_mapping WHERE client_id = ?');
            $s->execute(['{CLIENT}']); $s->fetchColumn();
            header('Content-Type: application/json'); readfile('{self.folder}/body');"""
        )
        (self.folder / "php.conf").write_text(
            f"""[global]\nerror_log = {self.folder}/php.log\ndaemonize = no\n[www]\nlisten = {self.folder}/php.sock
            pm = static\npm.max_children = 8\n"""
        )
        root = ["-R"] if os.geteuid() == 0 else []
        user = ["-d", "opcache.enable=1"]
        if os.geteuid() == 0:
            with open(self.folder / "php.conf", "a") as file:
                file.write("user = root\ngroup = root\nlisten.mode = 0666\n")
        self.php = self.start(found[-1], "-F", *root, *user, "-y", self.folder / "php.conf")
        wait_until((self.folder / "php.sock").exists, "PHP-FPM does not listen")

    # What is asked

    def grid(self, place):
        return f"/{place}/instagram/{CLIENT}/"

    def request(self, method, target, body=None, port=None):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=60)
        headers = {"X-API-Key": self.key, "Host": "localhost"}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        connection.request(method, target, body=body, headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.headers, content

    def control(self, method, path, body=None):
        return self.request(method, f"/_control/{path}", body, port=self.graph_port)

    def tool(self, name):
        """A program of the tests; built when a section first needs it."""
        path = self.programs / name
        return path if path.exists() else build(name) / name

    def grow(self, size):
        """Starts a second program on a copy of the data that has so many mappings and cache entries."""
        data = self.copy_data(f"grown-{size}")
        database = sqlite3.connect(data / "meta.sqlite3", timeout=30)
        sealed = database.execute("SELECT page_access_token FROM client_page_mapping LIMIT 1").fetchone()[0]
        rows = (
            (f"grown_{number}", str(200_000_000_000 + number), str(17_850_000_000_000_000 + number), sealed, 1_000_000 + number)
            for number in range(1, size)
        )
        with database:
            database.executemany(
                """INSERT INTO client_page_mapping (client_id, fb_page_id, ig_account_id, page_access_token, token_id,
                revision, created_at, updated_at)
                VALUES (?, ?, ?, ?, 1, ?, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')""",
                rows,
            )
        database.close()
        self.output(self.tool("cache-torture"), "fill", data / "cache", 1, size)
        socket = self.folder / f"grown_{size}.sock"
        self.start(
            self.programs / "meta.fcgi", "--listen", f"unix:{socket}", environment={"META_DATA_DIR": str(data)},
            log=f"grown-{size}.log",
        )
        wait_until(socket.exists, "the program does not listen")

    def copy_data(self, name):
        shutil.copytree(self.folder / "data", self.folder / name)
        return self.folder / name


class Population:
    """A second program with many tokens of a generated world, for `/pages/`."""

    def __init__(self, scene, tokens):
        self.scene, self.tokens = scene, tokens

    def __enter__(self):
        scene = self.scene
        self.port = free_port()
        self.world = ["--seed", "7", "--tokens", str(self.tokens), "--pages", "4", "--media", "2"]
        self.simulator = scene.start(scene.programs / "graph-simulator", "--listen", f"127.0.0.1:{self.port}", *self.world)
        wait_until(lambda: accepts(self.port), "the simulator does not listen")
        self.environment = scene.environment | {
            "META_DATA_DIR": str(scene.folder / "many"), "META_GRAPH_URL": f"http://127.0.0.1:{self.port}"
        }
        listing = scene.output(scene.programs / "graph-simulator", *self.world, "--print-tokens")
        rows = [line.split("\t") for line in listing.splitlines()[: self.tokens]]
        self.token = rows[0][1]
        for label, token in rows:
            self.run("metactl", "token", "add", "--label", label, words=token)
        self.program = subprocess.Popen(
            [scene.programs / "meta.fcgi", "--listen", f"unix:{scene.folder}/many.sock"], env=self.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        wait_until((scene.folder / "many.sock").exists, "the program does not listen")
        return self

    def __exit__(self, *_):
        self.program.terminate()
        self.program.wait(10)

    def run(self, program, *command, words=""):
        subprocess.run(
            [self.scene.programs / program, *command], env=self.environment, input=words, text=True, check=True, capture_output=True
        )

    def activate(self, count):
        for number in range(1, self.tokens + 1):
            status = "active" if number <= count else "invalid"
            self.run("metactl", "request", "PATCH", f"/tokens/{number}/", "-d", json.dumps({"status": status}))

    def latency(self, milliseconds):
        self.scene.request("DELETE", "/_control/faults", port=self.port)
        if milliseconds:
            fault = {"kind": "latency", "ms": milliseconds}
            status, _, body = self.scene.request("POST", "/_control/faults", fault, port=self.port)
            if status >= 300:
                raise SystemExit(f"Tests/Benchmarks/run: the simulator refuses a latency: {body}")

    def pages(self):
        """Milliseconds that `/pages/` takes, asked over FastCGI without a web server between."""
        script = {
            "REQUEST_METHOD": "GET", "PATH_INFO": "/pages/", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost",
            "SCRIPT_NAME": "/api/meta", "PATH": os.environ["PATH"],
        }
        command = ["cgi-fcgi", "-bind", "-connect", str(self.scene.folder / "many.sock")]
        begin = time.perf_counter()
        answer = subprocess.run(command, env=script, capture_output=True, check=True, stdin=subprocess.DEVNULL).stdout
        elapsed = (time.perf_counter() - begin) * 1000
        if b"200 OK" not in answer or b"warnings" in answer:
            raise SystemExit(f"Tests/Benchmarks/run: /pages/ answered {answer[:300]}")
        return elapsed
