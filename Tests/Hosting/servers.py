"""How each web server is started on a loopback port of its own, without root, in a folder that is removed afterwards."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
APACHE_MODULES = ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/lib/httpd/modules")


class Unavailable(Exception):
    """The server is not installed: it is skipped, with this reason."""


class Failed(Exception):
    """The server was started, and did not do what it should."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, seconds=20, process=None):
    end = time.monotonic() + seconds
    while not condition():
        if process and process.poll() is not None:
            raise Failed(f"{what}: it ended with status {process.returncode}")
        if time.monotonic() > end:
            raise Failed(f"{what} within {seconds} s")
        time.sleep(0.02)


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def program(*names):
    for name in names:
        if found := shutil.which(name, path=PATH):
            return found
    raise Unavailable(f"{names[0]} is not installed")


class Place:
    """One server's folder: the program with its settings, the data, the site; and the processes started in it."""

    def __init__(self, folder, material, settings):
        self.folder = folder
        self.material = material  # Copies of the project's files, readable for the account that the tests run as.
        self.port = free_port()
        self.socket = folder / "fcgi.sock"
        self.upstream = None  # Where nginx finds the program, when not at the socket.
        self.processes = []
        folder.mkdir()
        shutil.copytree(material / "data", folder / "data", copy_function=shutil.copy)
        os.chmod(folder / "data", 0o700)
        shutil.copytree(material / "www", folder / "www")
        self.program = self.install_program(folder / "bin", settings)

    def install_program(self, folder, settings):
        """meta.fcgi with meta.conf beside it: the only way to set anything where a server starts the program."""
        self.link_program(folder)
        (folder / "meta.conf").write_text(f"META_DATA_DIR={self.folder}/data\n{settings}")
        os.chmod(folder / "meta.conf", 0o600)
        return folder / "meta.fcgi"

    def link_program(self, folder):
        folder.mkdir(exist_ok=True)
        for file in (self.material / "programs").iterdir():
            if file.name == "meta.fcgi" or ".so" in file.suffixes:
                os.link(file, folder / file.name)

    def configure(self, template, to=None, **more):
        """A configuration of this folder, with the @NAMES@ in it filled in."""
        values = {"DIR": self.folder, "PORT": self.port, "SOCKET": self.socket, "PROGRAM": self.program, **more}
        text = re.sub(r"@([A-Z]+)@", lambda match: str(values[match[1]]), (HERE / template).read_text())
        path = self.folder / (to or template)
        path.write_text(text)
        return path

    def start(self, *command, stdin=subprocess.DEVNULL, log="program.log"):
        with open(self.folder / log, "ab") as output:
            process = subprocess.Popen(
                [str(word) for word in command],
                stdin=stdin,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                # A server's environment tells the program nothing.
                env={"PATH": PATH, "HOME": str(self.folder), "LANG": "C.UTF-8"},
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def start_program(self):
        """The usual case: meta.fcgi listens on its socket, and a server connects to it."""
        self.start(self.program, "--listen", f"unix:{self.socket}")
        wait_until(self.socket.exists, "meta.fcgi did not listen")

    def stop(self, process):
        """Ends a process that we started, with what it started in turn."""
        self.processes.remove(process)
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=8)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def close(self):
        for process in reversed(list(self.processes)):
            self.stop(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def logs(self):
        parts = []
        for name in ("program.log", "server.log"):
            with contextlib.suppress(OSError):
                parts += (self.folder / name).read_text(errors="replace").splitlines()[-5:]
        return "\n".join(f"      | {line[:300]}" for line in parts)


def start_nginx(place, more_parameters=None):
    """nginx with the project's own site file, whose lines marked "serve:" are set as nginx/serve sets them."""
    nginx = program("nginx")
    shutil.copytree(place.material / "nginx", place.folder / "meta-module")
    if more_parameters:
        with open(place.folder / "meta-module/fastcgi.conf", "a") as file:
            file.write(more_parameters.read_text())
    site = (place.folder / "meta-module/meta-module.conf").read_text()
    for mark, line in {
        "socket": f"server {place.upstream or 'unix:' + str(place.socket)};",
        "media": 'default "";',
        "listen": f"listen 127.0.0.1:{place.port};",
        "listen6": "",
        "root": f"root {place.folder}/www;",
    }.items():
        site, count = re.subn(rf"^.*# serve: {mark}$", line, site, flags=re.MULTILINE)
        assert count == 1, f"meta-module.conf has {count} lines marked serve: {mark}"
    (place.folder / "site.conf").write_text(site)
    for name in ("fastcgi_params", "mime.types"):
        shutil.copy(f"/etc/nginx/{name}", place.folder)
    log = place.folder / "server.log"
    command = [nginx, "-e", log, "-p", place.folder, "-c", place.configure("nginx.conf")]
    checked = subprocess.run([*command, "-t", "-q"], capture_output=True, text=True)
    if checked.returncode != 0 or checked.stderr.strip():
        raise Failed(f"nginx -t is not content: {checked.stderr}")
    place.start(*command, log="server.log")


def nginx(place):
    place.start_program()
    start_nginx(place)


def nginx_tcp(place):
    """Not how it should be run, but the other form of --listen."""
    port = free_port()
    place.start(place.program, "--listen", f"127.0.0.1:{port}")
    wait_until(lambda: accepts(port), "meta.fcgi did not listen")
    place.upstream = f"127.0.0.1:{port}"
    start_nginx(place)


def nginx_fcgiwrap(place):
    wrapper = program("fcgiwrap")
    place.start(wrapper, "-s", f"unix:{place.socket}", "-c", "4")
    wait_until(place.socket.exists, "fcgiwrap did not listen")
    start_nginx(place, place.configure("nginx-fcgiwrap.conf"))


def nginx_spawn_fcgi(place):
    place.start(program("spawn-fcgi"), "-n", "-s", place.socket, "-M", "0660", "--", place.program)
    wait_until(place.socket.exists, "spawn-fcgi did not listen")
    start_nginx(place)


def nginx_multiwatch(place):
    """Three processes on one socket; spawn-fcgi makes the socket, multiwatch the processes."""
    multiwatch = program("multiwatch")
    place.start(
        program("spawn-fcgi"), "-n", "-s", place.socket, "-M", "0660", "--", multiwatch, "-f", "3", "--", place.program
    )
    wait_until(place.socket.exists, "spawn-fcgi did not listen")
    start_nginx(place)


def nginx_systemd(place):
    """What systemd does with StandardInput=socket: the listening socket is descriptor 0, and outlives the program.

    The program is restarted at once; a request that comes in between waits in the socket.
    """
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place.socket))
        listener.listen(512)
        first = place.start(place.program, stdin=listener)
        start_nginx(place)
        wait_until(lambda: accepts(place.port), "nginx did not listen")
        place.stop(first)
        if first.returncode != 0:
            raise Failed(f"meta.fcgi ended with {first.returncode} on SIGTERM")
        with socket.create_connection(("127.0.0.1", place.port)) as early:
            early.sendall(b"GET /api/meta/health/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            place.start(place.program, stdin=listener)
            early.settimeout(20)
            if b" 200 " not in early.recv(100):
                raise Failed("a request made during a restart was lost")


def start_apache(place, template, handler=None, mpm="event"):
    apache = program("apache2", "httpd")
    modules = next((folder for folder in APACHE_MODULES if os.path.isdir(folder)), "")
    for name in re.findall(r"@MODULES@/(mod_\w+\.so)", (HERE / (handler or template)).read_text()):
        if not os.path.exists(f"{modules}/{name}"):
            raise Unavailable(f"Apache's {name} is not installed")
    place.configure("apache-common.conf", MODULES=modules, MPM=mpm)
    if handler:
        place.configure(handler, to="apache-handler.conf", MODULES=modules)
    place.start(apache, "-f", place.configure(template, MODULES=modules), "-DFOREGROUND", log="server.log")


def apache_proxy_fcgi(place):
    place.start_program()
    start_apache(place, "apache-proxy-fcgi.conf")


def shared_host(place, handler, mpm="event"):
    """The account's folder: .htaccess, the page, a copy of meta.fcgi. meta.conf is where nothing else can be set."""
    site = place.folder / "public_html/social"
    shutil.copytree(place.material / "www", site)
    place.link_program(site)
    os.rename(place.folder / "bin/meta.conf", site / "meta.conf")
    (place.folder / "fcgid").mkdir()
    start_apache(place, "apache-htaccess.conf", handler, mpm)


def apache_fcgid(place):
    shared_host(place, "apache-fcgid.conf")


def apache_cgid(place):
    shared_host(place, "apache-cgid.conf")


def apache_cgi(place):
    shared_host(place, "apache-cgi.conf", mpm="prefork")


def lighttpd(place):
    server = program("lighttpd")
    place.start_program()
    place.configure("lighttpd-common.conf")
    place.start(server, "-D", "-f", place.configure("lighttpd-socket.conf"), log="server.log")


def lighttpd_spawning(place):
    server = program("lighttpd")
    place.configure("lighttpd-common.conf")
    place.start(server, "-D", "-f", place.configure("lighttpd-spawn.conf"), log="server.log")


def caddy(place):
    server = program("caddy")
    place.start_program()
    place.start(server, "run", "--adapter", "caddyfile", "--config", place.configure("Caddyfile"), log="server.log")


# Name, how it is started, and where the API is mounted. nginx is first: the others are compared with it.
SERVERS = (
    ("nginx", nginx, "/api/meta"),
    ("nginx, TCP", nginx_tcp, "/api/meta"),
    ("nginx, systemd's socket on descriptor 0", nginx_systemd, "/api/meta"),
    ("nginx, spawn-fcgi", nginx_spawn_fcgi, "/api/meta"),
    ("nginx, multiwatch", nginx_multiwatch, "/api/meta"),
    ("nginx, fcgiwrap (CGI)", nginx_fcgiwrap, "/api/meta"),
    ("Apache mod_proxy_fcgi", apache_proxy_fcgi, "/api/meta"),
    ("Apache mod_fcgid, .htaccess", apache_fcgid, "/social/api/meta"),
    ("Apache mod_cgid, .htaccess (CGI)", apache_cgid, "/social/api/meta"),
    ("Apache mod_cgi, no rewrite (CGI)", apache_cgi, "/social/meta.fcgi"),
    ("lighttpd", lighttpd, "/api/meta"),
    ("lighttpd, spawning", lighttpd_spawning, "/api/meta"),
    ("Caddy", caddy, "/api/meta"),
)
