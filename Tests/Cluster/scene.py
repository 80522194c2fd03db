"""What stands on the stage of many machines: three with the program, two of PostgreSQL, nginx with cluster.conf, Meta."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

import machines
import stage

sys.path.insert(0, str(machines.HERE.parent / "Hosting"))
from package import guide  # noqa: E402

ACCOUNT = "postgres"  # Debian's. PostgreSQL refuses to be root.
PASSWORD = "a password of the database"


def block(beginning):
    """Lines of the guide, which this trial is run with: those that begin so."""
    return next(text for text in guide("machines") if text.startswith(beginning))


class Database:
    """One of the pair: a folder, a machine, a server."""

    def __init__(self, scene, machine):
        self.scene, self.machine = scene, machine
        self.name, self.address = machine.name, machine.address
        self.folder = scene.folder / f"postgresql-{self.name}"

    def words(self, tool, *words):
        account = ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups", "--"]
        return self.machine.command(*account, self.scene.postgresql / tool, *words)

    def call(self, tool, *words, say=""):
        return self.scene.output(*self.words(tool, *words), say=say)

    def sql(self, text, database="meta"):
        return self.call("psql", "-X", "-q", "-A", "-t", "-h", self.address, "-U", ACCOUNT, "-d", database, "-c", text).strip()

    def make(self):
        """A primary with the database, as the guide has it."""
        self.make_folder()
        self.call("initdb", "-D", self.folder, "-U", ACCOUNT, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        self.configure()
        hosts = block("host meta") + f"\nhost all meta 10.0.0.0/24 scram-sha-256\nhost replication {ACCOUNT} 10.0.0.0/24 trust\nhost all {ACCOUNT} 10.0.0.0/24 trust\n"
        with open(self.folder / "pg_hba.conf", "a") as file:
            file.write(hosts)
        self.start()
        self.sql(f"CREATE ROLE meta LOGIN PASSWORD '{PASSWORD}'", ACCOUNT)
        self.sql("CREATE DATABASE meta OWNER meta TEMPLATE template0 ENCODING 'UTF8'", ACCOUNT)

    def make_folder(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700)
        shutil.chown(self.folder, ACCOUNT)

    def configure(self):
        settings = block("listen_addresses").replace("'db1'", f"'{self.name}'", 1)
        names = re.search(r"synchronous_standby_names = .*", settings)[0]
        # This one setting changes on the way, as Patroni changes it; a shared machine's disk is not what is tried here.
        settings = settings.replace(names, "unix_socket_directories = ''\nmax_wal_size = 256MB\nwal_retrieve_retry_interval = 200ms")
        (self.folder / "trial.conf").write_text(settings)
        with open(self.folder / "postgresql.conf", "a") as file:
            file.write("include 'trial.conf'\n")
        self.names = names.split("'")[1]

    def start(self):
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
        self.process = self.scene.start(self.name, *self.words("postgres", "-D", self.folder), ready=self.is_ready)

    def is_ready(self):
        return subprocess.run(
            [*map(str, self.words("pg_isready", "-q", "-h", self.address))], stdout=subprocess.DEVNULL, env=self.scene.environment).returncode == 0

    def kill(self):
        """All of it, at once."""
        process = self.scene.running.pop(self.name)
        # Its children are sessions of their own.
        children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
        for pid in (process.pid, *map(int, children)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        process.wait()

    def follow(self, primary):
        """Becomes the standby of another, with a fresh copy of it."""
        self.make_folder()
        self.call("pg_basebackup", "-D", self.folder, "-h", primary.address, "-U", ACCOUNT, "-R", "-X", "stream", "-c", "fast", "--no-sync")
        trial = self.folder / "trial.conf"
        trial.write_text(trial.read_text().replace(f"'{primary.name}'", f"'{self.name}'", 1))
        self.names = primary.names
        self.start()
        primary.wait_for_standby()

    def wait_for_standby(self):
        self.set_names(self.names)
        stage.wait_until(lambda: self.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')") == "1", "no synchronous standby")

    def set_names(self, names):
        # On the whole server: ALTER SYSTEM is not for a transaction with anything else.
        self.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
        self.sql("SELECT pg_reload_conf()")

    def promote(self):
        """As Patroni does it: the one that is left waits for no other."""
        self.call("pg_ctl", "promote", "-w", "-D", self.folder)
        self.set_names("")


class Site(stage.Stage):
    """nginx on one of the machines, with the project's site and what the guide changes in it."""

    def __init__(self, scene, machine):
        super().__init__(scene.programs, scene.folder / machine.name)
        self.scene, self.machine = scene, machine
        self.socket, self.running = self.folder / "fcgi.sock", scene.running

    def prepare(self):
        self.folder.mkdir(mode=0o711)
        self.write_site(connections=2048)
        self.output("bash", "-c", block("openssl req").replace("/etc/nginx/meta-module", str(self.folder)).replace("machine1", self.machine.name))
        lines = block("listen 10.0.0.11").replace("10.0.0.11", self.machine.address).replace("meta-module/machine", f"{self.folder}/machine")
        site = self.folder / "site.conf"
        site.write_text(site.read_text().replace(f"listen 127.0.0.1:{self.port};", lines))

    def start(self, name, *command, ready=None, **more):
        """On the machine, and not here."""
        if ready == self.port:
            ready = (self.machine.address, 443)
        return self.scene.start(f"{self.machine.name} {name}", *self.machine.command(*command), ready=ready, **more)


class Scene(stage.Stage):
    """`primary` and `standby` change places; `machines` are three, each with a cache of its own."""

    PROGRAMS = 3

    def __init__(self, programs, **settings):
        super().__init__(programs, **{"META_BACKOFF_UNIT_MS": "1", "META_LOG_LEVEL": "info"} | settings)
        self.folder.chmod(0o711)
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
        if not found:
            raise stage.Failed("PostgreSQL is not installed")
        self.postgresql = found[-1].parent
        self.all = []

    def prepare(self):
        self.start_simulator("--seed", "7", "--tokens", "2", "--pages", "400", "--media", "25")
        self.machines = [self.machine(f"machine{number}", 10 + number) for number in range(1, self.PROGRAMS + 1)]
        self.databases = [Database(self, self.machine(f"db{number}", 20 + number)) for number in (1, 2)]
        self.primary, self.standby = self.databases
        self.primary.make()
        self.standby.follow(self.primary)
        self.write_settings()
        self.metactl("token", "add", "--label", "torture", say=self.world["tokens"][0]["token"])
        self.sites = {machine: Site(self, machine) for machine in self.machines}
        for machine, site in self.sites.items():
            site.prepare()
            self.start_machine(machine)
        self.write_front()
        self.start_nginx()
        stage.wait_until(lambda: self.get("health/")["status"] == "ok", "not healthy")
        self.key = self.create_key("torture")
        self.pages = [page for page in self.get("pages/")["pages"] if page["ig_account_id"]]

    def machine(self, name, number):
        self.all.append(machines.Machine(name, number, self.graph_port))
        return self.all[-1]

    def close(self):
        super().close()
        for machine in self.all:
            machine.remove()

    def start_simulator(self, *world):
        self.graph_port = stage.free_port()
        self.start("simulator", self.programs / "graph-simulator", "--listen", f"0.0.0.0:{self.graph_port}", "--threads", "4", *world, ready=self.graph_port)
        self.environment["META_GRAPH_URL"] = f"http://127.0.0.1:{self.graph_port}"
        self.world = self.control("world")

    def write_settings(self, port="", host=None):
        """The settings of every machine, as the guide has them."""
        passfile = self.folder / "pgpass"
        passfile.touch(mode=0o600)
        passfile.write_text(f"*:*:*:meta:{PASSWORD}\n")
        url = re.match(r"META_DATABASE_URL=(\S+)", block("META_DATABASE_URL"))[1].replace("/var/lib/meta-module/pgpass", str(passfile))
        if host:
            url = re.sub(r"@[^/]*/", f"@{host}/", url)
        self.environment["META_DATABASE_URL"] = url
        self.environment.setdefault("META_FERNET_KEYS", self.output(self.programs / "metactl", "key", "generate").strip())

    def database_url(self, name):
        """Another database of the same server, empty."""
        self.primary.sql(f"CREATE DATABASE {name} OWNER meta TEMPLATE template0 ENCODING 'UTF8'", ACCOUNT)
        return re.sub(r"/meta\?", f"/{name}?", self.environment["META_DATABASE_URL"])

    # Machines

    def start_machine(self, machine, **settings):
        """Its program, and its nginx."""
        self.start_program_of(machine, **settings)
        self.sites[machine].start_nginx()

    def start_program_of(self, machine, **settings):
        site = self.sites[machine]
        data = site.folder / "data"
        data.mkdir(mode=0o700, exist_ok=True)
        site.start_program(environment={"META_DATA_DIR": str(data)} | settings)

    def program_of(self, machine):
        return self.running[f"{machine.name} program"]

    def restart_programs(self, **settings):
        for machine in self.machines:
            self.stop(f"{machine.name} program")
            self.start_program_of(machine, **settings)

    def kill_machine(self, machine):
        """All that runs there, at once."""
        for name in (f"{machine.name} nginx", f"{machine.name} program"):
            process = self.running.pop(name)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def kill_program(self, machine):
        process = self.running.pop(f"{machine.name} program")
        process.kill()
        process.wait()

    def write_front(self):
        """nginx/cluster.conf, at a port of this machine."""
        (self.folder / "meta-module").mkdir()
        certificates = "".join((site.folder / "machine.pem").read_text() for site in self.sites.values())
        (self.folder / "meta-module/machines.pem").write_text(certificates)
        site = (self.material / "nginx/cluster.conf").read_text()
        for mark, line in {"listen": f"listen 127.0.0.1:{self.port} backlog=1024;", "listen6": ""}.items():
            site = re.sub(rf"^.*# cluster: {mark}$", line, site, flags=re.MULTILINE)
        (self.folder / "site.conf").write_text(site)
        self.write_nginx(f"include {self.folder}/site.conf;", 4096)

    def metactl(self, *arguments, say="", **environment):
        """A command, on the first machine."""
        folder = self.folder / "operator"
        folder.mkdir(mode=0o700, exist_ok=True)
        return self.output(
            *self.machines[0].command(self.programs / "metactl", *arguments), say=say, **{"META_DATA_DIR": str(folder)} | environment)

    # PgBouncer

    def start_pooler(self):
        folder = self.folder / "pooler"
        folder.mkdir(exist_ok=True)
        (folder / "userlist.txt").write_text(f'"meta" "{PASSWORD}"\n')
        settings = block("[databases]").replace("/etc/pgbouncer/userlist.txt", f"{folder}/userlist.txt").replace("10.0.0.21", self.primary.address)
        (folder / "pgbouncer.ini").write_text(settings + "\nlogfile =\nunix_socket_dir =\n")
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, ACCOUNT)
        self.pooler = self.machine("pooler", 30)
        command = self.pooler.command("setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups", "--", "pgbouncer", folder / "pgbouncer.ini")
        self.start("pooler", *command, ready=(self.pooler.address, 6432))

    # What the cases ask for

    def fresh_client(self, name):
        """A client whose grid nobody has asked for yet, on a Page of its own."""
        page = self.pages.pop()
        self.map(name, page["token_id"], page["fb_page_id"])
        return f"instagram/{name}/"

    def graph_calls(self):
        counts = self.control("counts")
        return sum(number for name, number in counts.items() if name != "maximum_in_flight")

    def direct(self, machine, method, path, key=None, body=b"", timeout=60, **more):
        """Status and body of what one machine answers, without nginx."""
        more |= {"HTTP_X_API_KEY": self.key if key is None else key, "REMOTE_ADDR": "192.0.2.1"}
        status, _, body = stage.ask(self.sites[machine].socket, stage.parameters(method, f"/{path}", body, **more), body, timeout)
        return status, body
