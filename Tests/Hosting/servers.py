"""How each web server is started on a loopback port of its own, without root, in a folder that is removed afterwards."""

import dataclasses
import grp
import os
import pathlib
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import typing

import stage
from place import Unavailable, program
from stage import Failed, free_port

APACHE_MODULES = ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/lib/httpd/modules")


def start_nginx(place, guide=None, upstream=None):
    """nginx with the project's own site file, changed as a guide says."""
    program("nginx", root=place.root)
    shutil.copytree(place.material / "nginx", place.folder / "meta-module")
    place.write_site(upstream)
    if guide:
        # nginx's own folder, as the guide knows it.
        (place.folder / "etc/nginx/conf.d").mkdir(parents=True)
        os.symlink(place.folder / "meta-module", place.folder / "etc/nginx/meta-module")
        os.symlink(place.folder / "site.conf", place.folder / "etc/nginx/conf.d/meta-module.conf")
        place.follow(guide)
    if place.root:  # Debian 11's nginx does not know -e, which this one is checked and started with.
        return place.start_server("nginx", "-p", place.folder, "-c", place.folder / "nginx.conf")
    command = ["nginx", "-e", "stderr", "-p", place.folder, "-c", place.folder / "nginx.conf", "-t", "-q"]
    checked = subprocess.run(command, env=place.environment, capture_output=True, text=True)
    if checked.returncode != 0 or checked.stderr.strip():
        raise Failed(f"nginx -t is not content: {checked.stderr}")
    place.start_nginx("server")


def nginx(place):
    place.start("program", place.program, "--listen", f"unix:{place.socket}", ready=place.socket)
    start_nginx(place)


def nginx_tcp(place):
    """Not how it should be run, but the other form of --listen."""
    port = free_port()
    place.start("program", place.program, "--listen", f"127.0.0.1:{port}", ready=port)
    start_nginx(place, upstream=f"127.0.0.1:{port}")


def nginx_fcgiwrap(place):
    # Its own folder for temporary files: it is what fcgiwrap answers from, not the program.
    place.start("program", program("fcgiwrap"), "-s", f"unix:{place.socket}", "-c", "4", ready=place.socket)
    start_nginx(place, "fcgiwrap.conf")


def nginx_spawn_fcgi(place, **environment):
    program("spawn-fcgi")
    place.follow("spawn-fcgi")
    place.start("program", place.folder / "bin/spawn-fcgi", ready=place.socket, environment=environment)
    start_nginx(place)


def nginx_multiwatch(place):
    """Three processes on one socket; spawn-fcgi makes the socket, multiwatch the processes."""
    program("multiwatch")
    nginx_spawn_fcgi(place, PROCESSES="3")


def nginx_systemd(place):
    """The program is restarted at once; a request that comes in between waits in the socket."""
    place.start_program()
    start_nginx(place)
    if status := place.stop("program"):
        raise Failed(f"meta.fcgi ended with {status} on SIGTERM")
    with socket.create_connection(("127.0.0.1", place.port)) as early:
        early.sendall(b"GET /api/meta/health/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        place.start("program", place.program, stdin=place.listener)
        early.settimeout(60)
        if b" 200 " not in early.recv(100):
            raise Failed("a request made during a restart was lost")


def machine_folder(place, name):
    """The server's folder below /etc, as the machine has it."""
    if not pathlib.Path("/etc", name).is_dir():
        raise Unavailable(f"/etc/{name} is not there")
    shutil.copytree(f"/etc/{name}", place.folder / "etc" / name, symlinks=True)


def apache_proxy_fcgi(place):
    apache = program("apache2")
    machine_folder(place, "apache2")
    place.start_program()
    # Whoever has mpm-itk installed; it needs root.
    (place.folder / "etc/apache2/mods-enabled/mpm_itk.load").unlink(missing_ok=True)
    place.follow("apache.conf")
    place.change("etc/apache2/sites-available/meta-module.conf", {r":80>": f":{place.port}>"})
    (place.folder / "etc/apache2/ports.conf").write_text(f"Listen 127.0.0.1:{place.port}\n")
    place.environment |= {
        "APACHE_RUN_USER": "www-data", "APACHE_RUN_GROUP": "www-data", "APACHE_PID_FILE": f"{place.folder}/apache.pid",
        "APACHE_RUN_DIR": str(place.folder), "APACHE_LOCK_DIR": str(place.folder), "APACHE_LOG_DIR": str(place.folder / "log"),
    }  # fmt: skip
    place.start_server(apache, "-d", place.folder / "etc/apache2", "-f", place.folder / "etc/apache2/apache2.conf", "-DFOREGROUND")


def shared_host(place, handler, mpm="event", root=None, **more):
    """The account's folder: .htaccess, the page, a copy of meta.fcgi. meta.conf is where nothing else can be set."""
    apache = program("apache2", "httpd", root=place.root)
    modules = next((folder for folder in APACHE_MODULES if os.path.isdir(f"{place.root or ''}{folder}")), "")
    root = root or place.folder / "public_html"
    place.site = root / "social"
    templates = {"apache-htaccess.conf": None, handler: "apache-handler.conf"} | more.pop("templates", {})
    for template, to in templates.items():
        text = place.configure(template, to, MODULES=modules, MPM=mpm, ROOT=root, **more).read_text()
        for path in re.findall(r"^ *LoadModule \w+ (\S+)", text, re.MULTILINE):
            if not os.path.exists(f"{place.root or ''}{path}"):
                raise Unavailable(f"Apache's {path} is not installed")
    shutil.copytree(place.material / "www", place.site)
    place.program = place.install_program(place.site)
    (place.folder / "fcgid").mkdir()
    if place.account:
        give_to_account(place, ACCOUNT if "apache-user.conf" in templates else pwd.getpwnam("www-data"))
    place.start_server(apache, "-f", place.folder / "apache-htaccess.conf", "-DFOREGROUND")


def apache_fcgid(place):
    shared_host(place, "apache-fcgid.conf")


def apache_cgid(place):
    shared_host(place, "apache-cgid.conf")


def apache_cgi(place):
    shared_host(place, "apache-cgi.conf", mpm="prefork")


ACCOUNT = pwd.getpwnam("nobody")


def give_to_account(place, server):
    for folder in (place.site.parent, place.folder / "data"):
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, ACCOUNT.pw_uid, ACCOUNT.pw_gid)
    for folder in (place.site, place.site / "pictures"):
        folder.chmod(0o755)
    os.chown(place.folder / "fcgid", server.pw_uid, server.pw_gid)
    for folder in (place.folder, place.folder.parent, place.folder.parent / "programs"):
        folder.chmod(0o755)


def shared_host_as_account(place, handler, by, mpm="event"):
    """The same by a server of root's, which becomes the account for our program."""
    place.account = ("setpriv", f"--reuid={ACCOUNT.pw_uid}", f"--regid={ACCOUNT.pw_gid}", "--clear-groups")
    if by == "suexec" and not os.path.exists(f"{place.root or ''}/usr/lib/apache2/suexec"):
        raise Unavailable("suexec is not installed (apache2-suexec-pristine)")
    # suEXEC starts nothing that lies elsewhere.
    root = pathlib.Path(tempfile.mkdtemp(prefix="meta-hosting.", dir="/var/www"))
    root.chmod(0o755)
    if place.root:
        place.show(root)
    place.site = root / "social"
    group = grp.getgrgid(ACCOUNT.pw_gid).gr_name
    names = {"ACCOUNT": f"{ACCOUNT.pw_name} {group}", "USER": ACCOUNT.pw_name, "GROUP": group}
    shared_host(place, handler, mpm, root, **names, templates={f"apache-{by}.conf": "apache-account.conf"})


def apache_fcgid_suexec(place):
    shared_host_as_account(place, "apache-fcgid.conf", "suexec")


def apache_cgid_suexec(place):
    shared_host_as_account(place, "apache-cgid.conf", "suexec")


def apache_cgi_suexec(place):
    shared_host_as_account(place, "apache-cgi.conf", "suexec", mpm="prefork")


def apache_fcgid_user(place):
    shared_host_as_account(place, "apache-fcgid.conf", "user")


def apache_cgid_user(place):
    shared_host_as_account(place, "apache-cgid.conf", "user")


def apache_cgi_itk(place):
    shared_host_as_account(place, "apache-cgi.conf", "itk", mpm="prefork")


def start_lighttpd(place, *guides):
    server = program("lighttpd")
    machine_folder(place, "lighttpd")
    place.follow(*guides)
    main = place.change("etc/lighttpd/lighttpd.conf", {
        "/etc/lighttpd/": f"{place.folder}/etc/lighttpd/", r"^include_shell .*ipv6.*$": 'server.bind = "127.0.0.1"',
        r"/var/log/lighttpd/error.log": place.folder / "server.log", r"/var/cache/lighttpd/uploads": place.folder,
        r"/run/lighttpd.pid": place.folder / "lighttpd.pid", r"(server.port *=) 80$": rf"\1 {place.port}",
    })  # fmt: skip
    (place.folder / "log/lighttpd").mkdir()
    place.start_server(server, "-D", "-f", main)


def lighttpd(place):
    place.start_program()
    start_lighttpd(place, "lighttpd.conf")


def lighttpd_spawning(place):
    start_lighttpd(place, "lighttpd-spawn.conf", "lighttpd.conf", "spawn-fcgi")
    log = place.folder / "log/lighttpd/meta-module.log"
    place.request("GET", "/api/meta/health/")
    stage.wait_until(lambda: '"route":"/health/"' in log.read_text(), "the program's line was not in lighttpd's log")


def caddy(place):
    server = program("caddy")
    place.start_program()
    (place.folder / "etc/caddy").mkdir(parents=True)
    place.follow("Caddyfile")
    # Its administration listens at one port of the machine, and certificates have a folder of its account.
    options = f"{{\n\tadmin off\n\tauto_https off\n\tstorage file_system {place.folder}/caddy\n}}\n:{place.port} {{\n\tbind 127.0.0.1"
    config = place.change("etc/caddy/Caddyfile", {r"^:80 \{$": options})
    place.start_server(server, "run", "--adapter", "caddyfile", "--config", config)


def h2o(place):
    server = program("h2o")
    place.start_program()
    (place.folder / "etc/h2o").mkdir(parents=True)
    place.follow("h2o.conf")
    (place.folder / "log/h2o").mkdir()
    config = place.change("etc/h2o/h2o.conf", {
        r"^  port: 80$": f"  host: 127.0.0.1\n  port: {place.port}", r"^user: .*$": "", r"/run/h2o.pid": place.folder / "h2o.pid",
    })  # fmt: skip
    place.start_server(server, "-c", config)


def uwsgi(place):
    server = program("uwsgi", "uwsgi-core")
    place.follow("uwsgi.ini")
    config = place.change("etc/meta-module/uwsgi.ini", {":80$": f"127.0.0.1:{place.port}", r"^[ug]id = .*$": ""})
    place.start_server(server, "--ini", config)


@dataclasses.dataclass(frozen=True)
class Server:
    name: str
    start: typing.Callable
    mount: str = "/api/meta"
    is_cgi: bool = False  # One process for each request.
    needs_root: bool = False
    lacks: str | None = None  # A kind of request that the server answers itself, whatever it is told.
    root: pathlib.Path | None = None  # Another Debian's tree.


# nginx is first: the others are compared with it.
SERVERS = (
    Server("nginx", nginx),
    Server("nginx, TCP", nginx_tcp),
    Server("nginx, systemd's socket on descriptor 0", nginx_systemd),
    Server("nginx, spawn-fcgi", nginx_spawn_fcgi),
    Server("nginx, multiwatch", nginx_multiwatch),
    Server("nginx, fcgiwrap (CGI)", nginx_fcgiwrap),
    Server("Apache mod_proxy_fcgi", apache_proxy_fcgi),
    Server("Apache mod_fcgid, .htaccess", apache_fcgid, "/social/api/meta"),
    Server("Apache mod_cgid, .htaccess (CGI)", apache_cgid, "/social/api/meta", is_cgi=True),
    Server("Apache mod_cgi, no rewrite (CGI)", apache_cgi, "/social/meta.fcgi", is_cgi=True),
    Server("Apache mod_fcgid, .htaccess, suEXEC", apache_fcgid_suexec, "/social/api/meta", needs_root=True),
    Server("Apache mod_cgid, .htaccess, suEXEC (CGI)", apache_cgid_suexec, "/social/api/meta", is_cgi=True, needs_root=True),
    Server("Apache mod_cgi, .htaccess, suEXEC (CGI)", apache_cgi_suexec, "/social/api/meta", is_cgi=True, needs_root=True),
    Server("Apache mod_cgi, .htaccess, mpm-itk (CGI)", apache_cgi_itk, "/social/api/meta", is_cgi=True, needs_root=True),
    Server("lighttpd", lighttpd),
    Server("lighttpd, spawning", lighttpd_spawning),
    Server("Caddy", caddy),
    Server("H2O", h2o, lacks="absolute"),
    Server("uWSGI (CGI)", uwsgi, is_cgi=True),
)

# What every Debian brings itself.
IN_ROOTS = (
    Server("nginx", nginx),
    Server("Apache mod_fcgid", apache_fcgid_user, "/social/api/meta"),
    Server("Apache mod_cgid (CGI)", apache_cgid_user, "/social/api/meta", is_cgi=True),
    *(server for server in SERVERS if server.start in (apache_fcgid_suexec, apache_cgid_suexec, apache_cgi_suexec)),
)
