"""How each web server is started on a loopback port of its own, without root, in a folder that is removed afterwards."""

import os
import pathlib
import re
import shutil
import socket
import subprocess

import stage
from stage import Failed, free_port

HERE = pathlib.Path(__file__).resolve().parent
APACHE_MODULES = ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/lib/httpd/modules")


class Unavailable(Exception):
    """The server is not installed: it is skipped, with this reason."""


def program(*names):
    for name in names:
        if found := shutil.which(name, path=stage.PATH):
            return found
    raise Unavailable(f"{names[0]} is not installed")


class Place(stage.Stage):
    """One server's folder: the program with its settings, the data, the site; and the processes started in it."""

    def __init__(self, folder, material, settings):
        folder.mkdir()
        super().__init__(material / "programs", folder)
        self.material = material  # Copies of the project's files, readable for the account that the tests run as.
        self.settings = f"META_DATA_DIR={folder}/data\n{settings}"
        # A server's environment tells the program nothing.
        self.environment = {"PATH": stage.PATH, "HOME": str(folder), "LANG": "C.UTF-8"}

    def prepare(self):
        shutil.copytree(self.material / "data", self.folder / "data", copy_function=shutil.copy)
        os.chmod(self.folder / "data", 0o700)
        shutil.copytree(self.material / "www", self.folder / "www")
        self.program = self.install_program(self.folder / "bin")

    def install_program(self, folder):
        """meta.fcgi with meta.conf beside it: the only way to set anything where a server starts the program."""
        folder.mkdir(exist_ok=True)
        for file in (self.material / "programs").iterdir():
            if file.name == "meta.fcgi" or ".so" in file.suffixes:
                os.link(file, folder / file.name)
        (folder / "meta.conf").write_text(self.settings)
        os.chmod(folder / "meta.conf", 0o600)
        return folder / "meta.fcgi"

    def configure(self, template, to=None, **more):
        """A configuration of this folder, with the @NAMES@ in it filled in."""
        values = {"DIR": self.folder, "PORT": self.port, "SOCKET": self.socket, "PROGRAM": self.program, **more}
        text = re.sub(r"@([A-Z]+)@", lambda match: str(values[match[1]]), (HERE / template).read_text())
        path = self.folder / (to or template)
        path.write_text(text)
        return path

    def start_server(self, *command):
        self.start("server", *command, ready=self.port)

    def start_program(self):
        """The usual case: meta.fcgi listens on its socket, and a server connects to it."""
        self.start("program", self.program, "--listen", f"unix:{self.socket}", ready=self.socket)

    def logs(self):
        lines = []
        for name in ("program.log", "server.log", "nginx.log"):
            log = self.folder / name
            lines += log.read_text(errors="replace").splitlines()[-5:] if log.exists() else []
        return "\n".join(f"      | {line[:300]}" for line in lines)


def start_nginx(place, more_parameters=None, upstream=None):
    """nginx with the project's own site file."""
    program("nginx")
    shutil.copytree(place.material / "nginx", place.folder / "meta-module")
    if more_parameters:
        with open(place.folder / "meta-module/fastcgi.conf", "a") as file:
            file.write(more_parameters.read_text())
    place.write_site(upstream)
    command = ["nginx", "-e", "stderr", "-p", place.folder, "-c", place.folder / "nginx.conf", "-t", "-q"]
    checked = subprocess.run(command, env=place.environment, capture_output=True, text=True)
    if checked.returncode != 0 or checked.stderr.strip():
        raise Failed(f"nginx -t is not content: {checked.stderr}")
    place.start_nginx("server")


def nginx(place):
    place.start_program()
    start_nginx(place)


def nginx_tcp(place):
    """Not how it should be run, but the other form of --listen."""
    port = free_port()
    place.start("program", place.program, "--listen", f"127.0.0.1:{port}", ready=port)
    start_nginx(place, upstream=f"127.0.0.1:{port}")


def nginx_fcgiwrap(place):
    place.start("program", program("fcgiwrap"), "-s", f"unix:{place.socket}", "-c", "4", ready=place.socket)
    start_nginx(place, place.configure("nginx-fcgiwrap.conf"))


def nginx_spawn_fcgi(place, *words):
    spawn = [program("spawn-fcgi"), "-n", "-s", place.socket, "-M", "0660", "--", *words]
    place.start("program", *spawn, place.program, ready=place.socket)
    start_nginx(place)


def nginx_multiwatch(place):
    """Three processes on one socket; spawn-fcgi makes the socket, multiwatch the processes."""
    nginx_spawn_fcgi(place, program("multiwatch"), "-f", "3", "--")


def nginx_systemd(place):
    """What systemd does with StandardInput=socket: the listening socket is descriptor 0, and outlives the program.

    The program is restarted at once; a request that comes in between waits in the socket.
    """
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place.socket))
        listener.listen(512)
        place.start("program", place.program, stdin=listener)
        start_nginx(place)
        if status := place.stop("program"):
            raise Failed(f"meta.fcgi ended with {status} on SIGTERM")
        with socket.create_connection(("127.0.0.1", place.port)) as early:
            early.sendall(b"GET /api/meta/health/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            place.start("program", place.program, stdin=listener)
            early.settimeout(60)
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
    place.start_server(apache, "-f", place.configure(template, MODULES=modules), "-DFOREGROUND")


def apache_proxy_fcgi(place):
    place.start_program()
    start_apache(place, "apache-proxy-fcgi.conf")


def shared_host(place, handler, mpm="event"):
    """The account's folder: .htaccess, the page, a copy of meta.fcgi. meta.conf is where nothing else can be set."""
    site = place.folder / "public_html/social"
    shutil.copytree(place.material / "www", site)
    place.install_program(site)
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
    place.start_server(server, "-D", "-f", place.configure("lighttpd-socket.conf"))


def lighttpd_spawning(place):
    server = program("lighttpd")
    place.configure("lighttpd-common.conf")
    place.start_server(server, "-D", "-f", place.configure("lighttpd-spawn.conf"))


def caddy(place):
    server = program("caddy")
    place.start_program()
    place.start_server(server, "run", "--adapter", "caddyfile", "--config", place.configure("Caddyfile"))


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
