"""The real thing on free ports, in a folder that is removed afterwards: graph-simulator, meta.fcgi and nginx."""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery staple"
# nginx lives where an ordinary account's PATH does not look.
os.environ["PATH"] += ":/usr/sbin:/sbin"


def programs():
    """The folder of the programs: META_BUILD, else the newest build of this repository."""
    wanted = ("meta.fcgi", "metactl", "graph-simulator")
    folders = [os.environ["META_BUILD"]] if "META_BUILD" in os.environ else [
        REPOSITORY / ".build/debug", REPOSITORY / ".build/release"]
    found = [folder for folder in map(pathlib.Path, folders) if all((folder / name).exists() for name in wanted)]
    if not found:
        raise FileNotFoundError(f"no {', '.join(wanted)} in {', '.join(map(str, folders))}: swift build makes them")
    return max(found, key=lambda folder: (folder / "meta.fcgi").stat().st_mtime)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} within {seconds} s"
        time.sleep(0.02)


class Stage:
    """One installation. What happens to it between two steps of a test is a method."""

    def __init__(self, simulator=("--demo",), **settings):
        self.programs = programs()
        # The path of a socket has room for 107 bytes: /tmp, whatever TMPDIR says.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="meta-browser.", dir="/tmp"))
        self.running = {}
        try:
            self.simulator = self._start_simulator(simulator)
            self.world = self.control("world")
            self.environment = {name: value for name, value in os.environ.items() if not name.startswith("META_")} | {
                "META_CONFIG": "/dev/null",
                "META_DATA_DIR": str(self.folder / "data"),
                "META_GRAPH_URL": self.simulator,
                # What the page says of permissions and expiry comes from debug_token, which needs the app.
                "META_APP_ID": self.world["app_id"],
                "META_APP_SECRET": self.world["app_secret"],
                "META_BACKOFF_UNIT_MS": "1",
            } | settings
            self.start_program()
            self.port = free_port()
            self.url = f"http://127.0.0.1:{self.port}/"
            self._write_site()
            self.start_web_server()
            wait_for(lambda: self.get("health/")["status"] == "ok", "healthy")
        except BaseException:
            self.close()
            raise

    # ---- Programs

    def _start(self, name, *command, **more):
        log = open(self.folder / f"{name}.log", "ab")
        self.running[name] = subprocess.Popen(command, stderr=log, **({"stdout": log} | more))
        return self.running[name]

    def stop(self, name):
        process = self.running.pop(name)
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _start_simulator(self, arguments):
        process = self._start(
            "simulator", self.programs / "graph-simulator", "--listen", "127.0.0.1:0", *arguments,
            stdout=subprocess.PIPE, text=True)
        return re.search(r"http://\S+", process.stdout.readline())[0]

    def start_program(self):
        self._start(
            "program", self.programs / "meta.fcgi", "--listen", f"unix:{self.folder}/fcgi.sock", env=self.environment)
        wait_for((self.folder / "fcgi.sock").exists, "meta.fcgi listens")

    def start_web_server(self):
        self._start("nginx", "nginx", "-p", self.folder, "-e", self.folder / "nginx.log", "-c", self.folder / "nginx.conf")
        wait_for(self._answers, "nginx answers")

    def block_methods(self, status):
        """A firewall that answers PATCH and DELETE itself, in its own words."""
        site = (self.folder / "site.conf").read_text()
        rule = f'if ($request_method ~ "^(?:PATCH|DELETE)$") {{ return {status} "<h1>Forbidden</h1>"; }}'
        (self.folder / "site.conf").write_text(site.replace("server_tokens off;", f"server_tokens off; {rule}"))
        self.stop("nginx")
        self.start_web_server()

    def _answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def _write_site(self):
        """The project's own site, and the same page once more below /social/, as on a shared host."""
        described = subprocess.run(["nginx", "-V"], capture_output=True, text=True).stderr
        share = pathlib.Path(re.search(r"--conf-path=(\S+)", described)[1]).parent
        os.symlink(REPOSITORY / "nginx", self.folder / "meta-module")
        os.symlink(share / "fastcgi_params", self.folder / "fastcgi_params")
        site = (REPOSITORY / "nginx/meta-module.conf").read_text()
        for mark, line in {
            "socket": f"server unix:{self.folder}/fcgi.sock;",
            "media": f'default " {self.simulator}";',
            "listen": f"listen 127.0.0.1:{self.port};",
            "listen6": "",
            "root": f"root {REPOSITORY}/www;",
        }.items():
            site, times = re.subn(rf"^.*# serve: {mark}$", line, site, flags=re.M)
            assert times == 1, f"nginx/meta-module.conf has one line marked {mark}"
        below = f"location /social/ {{ alias {REPOSITORY}/www/; }} rewrite ^/social(/api/meta/.*) $1;\n"
        site = site.replace("  server_tokens off;", f"  server_tokens off;\n  {below}")
        (self.folder / "site.conf").write_text(site)
        temporary = "".join(
            f"  {kind}_temp_path {self.folder}/{kind};\n" for kind in ("client_body", "fastcgi", "proxy", "scgi", "uwsgi"))
        # As root, nginx would run its workers as somebody who may not open our socket.
        user = "user root root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(
            f"daemon off; pid {self.folder}/nginx.pid; {user} worker_processes 1; events {{}}\n"
            f"http {{\n  include {share}/mime.types; access_log off;\n{temporary}  include {self.folder}/site.conf;\n}}\n")

    def close(self):
        for name in list(self.running):
            self.stop(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- What is in it

    def metactl(self, *arguments, say=""):
        """The operator's command; secrets go to its standard input."""
        return subprocess.run(
            [self.programs / "metactl", *arguments], input=say, env=self.environment, capture_output=True, text=True,
            check=True).stdout

    def set_password(self):
        self.metactl("admin", "set-password", say=PASSWORD + "\n")

    def token(self, label):
        """A token of the simulated world, by its label."""
        return next(token["token"] for token in self.world["tokens"] if token["label"] == label)

    def connect(self, *labels):
        """Stores tokens, as somebody did earlier. Before the password: then this machine needs no key."""
        return [self.call("POST", "tokens/", access_token=self.token(label), account_label=label)["id"] for label in labels]

    def map(self, client, token, page):
        self.call("POST", "sync/", client_id=client, fb_page_id=page, token_id=token)

    def map_many(self, clients, token, pages):
        """Many clients at once; the pages are dealt out in turn."""
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda pair: self.map(pair[1], token, pages[pair[0] % len(pages)]), enumerate(clients)))

    def get(self, path):
        return self.call("GET", path)

    def call(self, method, path, **body):
        request = urllib.request.Request(
            f"{self.url}api/meta/{path}", json.dumps(body).encode() if body else None,
            {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from None

    # ---- Meta, and what goes wrong there

    def control(self, what, method="GET", **body):
        request = urllib.request.Request(
            f"{self.simulator}/_control/{what}", json.dumps(body).encode() if body else None, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def fault(self, kind, **more):
        self.control("faults", "POST", kind=kind, **more)

    def heal(self):
        self.control("faults", "DELETE")
