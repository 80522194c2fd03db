"""What stands on the stage of the measurements: nginx with a place for everything that is compared, the program, the C
programs and, where it is installed, PHP-FPM."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import stage  # noqa: E402

CLIENT, PAGE = "client_001", "104567890123"
# How many mappings and cache entries the program is measured with.
SIZES = (100, 10_000, 100_000)
# With how many threads the C responder is tried.
THREADS = (1, 2, 4, 8, 16, 32)
# What our site for nginx sends beside nginx's own list, as fastcgi.conf has it: an id of its own for each request.
OF_OUR_SITE = 'fastcgi_param HTTP_PROXY ""; fastcgi_param HTTP_HOST $host; fastcgi_param HTTP_X_REQUEST_ID $request_id;'
# Programs on PostgreSQL, and with how many mappings.
ON_POSTGRESQL = {"one": (1, 100), "three": (3, 100), "many": (1, 100_000)}
SETTINGS = {"META_CACHE_TTL": "86400", "META_TRUSTED_PROXIES": "127.0.0.1", "META_CACHE_MAX_BYTES": str(2 << 30)}  # 100,000 entries take more than the default.


class Scene(stage.Stage):
    def __init__(self, programs):
        super().__init__(programs, **SETTINGS)
        self.best = {}  # Threads of the C responder, by whether connections are kept.
        self.grown = {}  # Programs with more mappings, by how many.

    def prepare(self):
        self.compile()
        self.start_simulator()
        self.metactl("token", "add", "--label", "bench", say=self.token("john"))
        body = {"client_id": CLIENT, "fb_page_id": PAGE, "token_id": 1}
        self.metactl("request", "POST", "/sync/", "-d", json.dumps(body))
        self.key = self.create_key("bench")
        self.program = self.start_program("ours", self.folder / "ours.sock")
        self.write_places()
        self.start_nginx()
        self.request("GET", self.grid("ours-off"))
        status, headers, body = self.request("GET", self.grid("ours-off"))
        if status != 200 or headers.get("X-Cache") != "hit":
            raise stage.Failed(f"no warm grid: {status} {body[:200]}")
        self.write_answer(headers, body)
        self.references = {threads: self.start_reference(f"reference-{threads}", "answer", threads) for threads in THREADS}
        self.php = self.start_php()

    def compile(self):
        for name, libraries in (
            ("reference-responder", ["-lfcgi", "-lpthread"]),
            ("reference-cgi", ["-Wl,--no-as-needed", "-lfcgi", "-lsqlite3", "-lcurl", "-lcrypto"]),
            ("spawn-timer", []),
        ):
            self.output("cc", "-O2", "-o", self.folder / name, HERE / f"{name}.c", *libraries)

    def start_reference(self, name, answer, threads):
        socket = self.folder / f"{name}.sock"
        return self.start(name, self.folder / "reference-responder", socket, self.folder / answer, threads, ready=socket)

    def start_feed(self, threads):
        """A feed that anybody may show, and the C responder with the same answer; the feed's path."""
        body = {"client_id": CLIENT, "name": "bench", "origins": ["any"]}
        row = json.loads(self.metactl("request", "POST", "/feeds/", "-d", json.dumps(body)))
        path = f"/feed/{row['public_id']}/"
        self.request("GET", f"/ours-off{path}")
        status, headers, body = self.request("GET", f"/ours-off{path}")
        if status != 200 or headers.get("X-Cache") != "hit":
            raise stage.Failed(f"no warm feed: {status} {body[:200]}")
        self.write_answer(headers, body, "feed-answer")
        self.start_reference("reference-feed", "feed-answer", threads)
        return path

    def write_answer(self, headers, body, name="answer"):
        if name == "answer":
            (self.folder / "body").write_bytes(body)
        kept = ("Content-Type", "X-Cache", "Age", "Cache-Control", "ETag", "X-Request-Id", "X-Content-Type-Options", "Vary",
                "RateLimit-Policy", "RateLimit")
        head = "Status: 200 OK\r\n" + "".join(f"{header}: {headers[header]}\r\n" for header in kept if header in headers)
        head += f"Content-Length: {len(body)}\r\n\r\n"
        (self.folder / name).write_bytes(head.encode() + body)

    def write_places(self):
        places = []
        for name, upstream, kept in (
            ("ours-off", "ours", False), ("ours-on", "ours_kept", True),
            ("php-off", "php", False),
            *((f"c{threads}-off", f"reference-{threads}", False) for threads in THREADS),
            *((f"c{threads}-on", f"reference-{threads}_kept", True) for threads in THREADS),
            *((f"grown-{size}", f"grown-{size}", False) for size in SIZES),
            ("c-feed", "reference-feed", False),
            *((f"{name}-off", name, False) for name in ON_POSTGRESQL),
        ):
            script = f"fastcgi_param SCRIPT_FILENAME {self.folder}/grid.php;" if upstream == "php" else ""
            places.append(
                f"""location ~ ^/{name}(?<rest>/.*)$ {{
                  {script} fastcgi_param SCRIPT_NAME /{name}; fastcgi_param PATH_INFO $rest; {OF_OUR_SITE}
                  include /etc/nginx/fastcgi_params; fastcgi_keep_conn {'on' if kept else 'off'};
                  fastcgi_buffer_size 16k; fastcgi_buffers 16 16k; fastcgi_pass {upstream}; }}"""
            )
        # Graph behind the same nginx: so the two differ by our program alone.
        places.append(f"location /graph/ {{ proxy_http_version 1.1; proxy_pass http://127.0.0.1:{self.graph_port}/; }}")
        names = ["ours", "php", *(f"grown-{size}" for size in SIZES), *(f"reference-{threads}" for threads in THREADS),
                 "reference-feed"]
        upstreams = "".join(
            f"upstream {name} {{ {' '.join(f'server unix:{self.folder}/{name}-{number}.sock;' for number in range(programs))} }}\n"
            for name, (programs, _) in ON_POSTGRESQL.items())
        upstreams += "".join(
            f"upstream {name} {{ server unix:{self.folder}/{name}.sock; }}\n"
            f"upstream {name}_kept {{ server unix:{self.folder}/{name}.sock; keepalive 16; }}\n"
            for name in names
        )
        self.write_nginx(
            f"keepalive_requests 1000000; {upstreams}\n"
            f"server {{ listen 127.0.0.1:{self.port} backlog=1024; {' '.join(places)} }}")

    def start_php(self):
        """PHP with opcache: one lookup in the database, one file read; `None` where PHP is not installed."""
        found = sorted(pathlib.Path("/usr/sbin").glob("php-fpm*"))
        if not found:
            return None
        (self.folder / "grid.php").write_text(
            f"""<?php $d = new PDO('sqlite:{self.folder}/data/meta.sqlite3');
            $s = $d->prepare('SELECT ig_account_id FROM client_page_mapping WHERE client_id = ?');
            $s->execute(['{CLIENT}']); $s->fetchColumn();
            header('Content-Type: application/json'); readfile('{self.folder}/body');"""
        )
        is_root = os.geteuid() == 0
        user = "user = root\ngroup = root\nlisten.mode = 0666\n" if is_root else ""
        (self.folder / "php.conf").write_text(
            f"[global]\nerror_log = {self.folder}/php.log\ndaemonize = no\n[www]\nlisten = {self.folder}/php.sock\n"
            f"pm = static\npm.max_children = 8\n{user}"
        )
        options = ["-F", *(["-R"] if is_root else []), "-d", "opcache.enable=1", "-y", self.folder / "php.conf"]
        return self.start("php", found[-1], *options, ready=self.folder / "php.sock")

    def grid(self, place):
        return f"/{place}/instagram/{CLIENT}/"

    def start_grown(self, size):
        """Starts a second program on a copy of the data that has so many mappings and cache entries."""
        name = f"grown-{size}"
        data = self.copy_data(name)
        self.grow(lambda number: f"grown_{number}", range(1, size), data)
        self.grown[size] = self.start_program(name, self.folder / f"{name}.sock", environment={"META_DATA_DIR": str(data)})

    def start_postgresql(self):
        """A server of this stage's own, on a socket. PostgreSQL refuses to be root, and then is Debian's account for it."""
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parts[4]))
        if not found:
            raise stage.Failed("PostgreSQL is not installed")
        account, folder = [], self.folder / "postgresql"
        folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            account = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
            self.folder.chmod(0o711)
            shutil.chown(folder, "postgres")
        self.output(*account, found[-1] / "initdb", "-D", folder / "data", "-U", "meta", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        asked = [*account, found[-1] / "pg_isready", "-q", "-h", folder]
        self.start("postgresql", *account, found[-1] / "postgres", "-D", folder / "data", "-k", folder, "-c", "listen_addresses=",
                   ready=lambda: subprocess.run(asked, stdout=subprocess.DEVNULL).returncode == 0)
        for name in ON_POSTGRESQL:
            self.output(*account, found[-1] / "createdb", "-h", folder, "-U", "meta", name)
            self.start_on_postgresql(name, f"postgresql://meta@/{name}?host={folder}")

    def start_on_postgresql(self, name, url):
        """Programs on a copy of the data that was moved there: the same keys, the same mapping."""
        programs, size = ON_POSTGRESQL[name]
        data = self.copy_data(name)
        self.grow(lambda number: f"grown_{number}", range(1, size), data)
        keys = (data / "fernet.keys").read_text().strip().replace("\n", ",")
        self.metactl("store", "copy", "--to", url, META_DATA_DIR=str(data))
        for number in range(programs):
            self.start_program(f"{name}-{number}", self.folder / f"{name}-{number}.sock", environment={
                "META_DATABASE_URL": url, "META_FERNET_KEYS": keys, "META_DATA_DIR": str(self.copy_data(f"{name}-{number}", data))})

    def copy_data(self, name, data=None):
        shutil.copytree(data or self.folder / "data", self.folder / name)
        return self.folder / name


class Population(stage.Stage):
    """A second program with many tokens of a generated world, for `/pages/`."""

    def __init__(self, programs, tokens):
        super().__init__(programs, **SETTINGS)
        self.tokens = tokens

    def prepare(self):
        self.start_simulator("--seed", "7", "--tokens", self.tokens, "--pages", "4", "--media", "2")
        for row in self.world["tokens"][: self.tokens]:
            self.metactl("token", "add", "--label", row["label"], say=row["token"])
        self.start_program()

    def activate(self, count):
        for number in range(1, self.tokens + 1):
            status = "active" if number <= count else "invalid"
            self.metactl("request", "PATCH", f"/tokens/{number}/", "-d", json.dumps({"status": status}))

    def pages(self):
        """Milliseconds that `/pages/` takes, asked over FastCGI without a web server between."""
        begin = time.perf_counter()
        status, _, answer = stage.ask(self.socket, stage.parameters("GET", "/pages/"))
        elapsed = (time.perf_counter() - begin) * 1000
        if status != 200 or b"warnings" in answer:
            raise stage.Failed(f"/pages/ answered {answer[:300]}")
        return elapsed
