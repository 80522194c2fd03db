#!/usr/bin/env python3
"""The guides of INSTALL.html, followed to the letter in a container of Debian 12: a server by hand with nginx, Apache,
lighttpd and Caddy, a sub-path, another proxy, upgrades and back, an account with a shell, an account with FTP alone.

    Tests/Hosting/guides.py --bundle FILE --programs DIR [--root FOLDER]

DIR has graph-simulator; FOLDER is as for systemd.py. Needs root. Prints a line for each thing that is looked at, and
`N passed, N failed`.
"""

import argparse
import json
import pathlib
import re
import shutil
import sqlite3
import sys
import tempfile

from package import guide
from systemd import GRID, HOME, maps_and_serves, play, token

BUNDLE = "/opt/unpacked"
PROGRAM = f"{HOME}/meta.fcgi"
API = "http://localhost/api/meta"


def follow(run, what, lines, folder=BUNDLE, account=None, pattern=""):
    """Lines of a guide as a reader copies them into a shell; what they said."""
    shell = f"cd {folder} && set -e\n{lines}\n"
    if account:
        return run.succeeds(what, f"runuser -l {account} -s /bin/bash -c 'bash -s'", shell, pattern)
    return run.succeeds(what, "bash -s", shell, pattern)


def prepare(run, bundle, programs):
    machine = run.machine
    place = machine.path / HOME
    place.mkdir(parents=True)
    shutil.copy(programs / "graph-simulator", place)
    shutil.copy(bundle, machine.path / "srv/meta-module-1.0-linux-x86_64.tar.gz")
    machine("echo 127.0.0.1 localhost >/etc/hosts")  # Which debootstrap leaves out.
    machine(f"mkdir {BUNDLE}; tar xzf /srv/*.tar.gz -C {BUNDLE} --strip-components=1; rm -f /usr/sbin/sendmail")
    machine(f"systemd-run --unit=graph /{HOME}/graph-simulator --listen 127.0.0.1:8001")


def answers(run, server):
    """The page with its headers, the program, a grid from the cache."""
    page = run.machine("curl -si http://localhost/").stdout
    run.expect(f"{server} shows the page with its headers", re.match(r"HTTP/\S+ 200", page) and "default-src 'none'" in page, page[:900])
    run.succeeds(f"{server} reaches the program", f"curl -s {API}/health/", pattern='"status":"ok"')
    run.succeeds(f"{server} serves the grid", f"curl -si {GRID}", pattern="(?is)^HTTP/.{4,5}200.*x-cache: *hit")


def by_hand(run):
    machine = run.machine
    follow(run, "the guide is right that the bundle is whole", guide("whole")[0], pattern=r"^\d+\.\d+\.\d+\n$")
    first, site = guide("nginx")
    follow(run, "nginx by hand, the programs", first)
    machine("echo META_GRAPH_URL=http://127.0.0.1:8001 >>/etc/meta-module/meta.conf")
    follow(run, "nginx by hand, the site", site, pattern='"status":"ok"')
    run.added = run.succeeds("metactl takes a token", "metactl token add --label John --json", token(machine) + "\n")
    maps_and_serves(run, run.added)
    answers(run, "nginx")
    for server, file in {"apache2": "apache.conf", "lighttpd": "lighttpd.conf", "caddy": "Caddyfile"}.items():
        lines = first_lines(machine, file)
        machine("systemctl stop nginx")
        machine(f"systemctl start {server}")  # As Debian's package leaves it.
        follow(run, f"{server}: the first lines of {file}", "\n".join(lines), f"{BUNDLE}/hosts")
        machine.wait(lambda: machine("curl -s http://localhost/").returncode == 0)
        answers(run, server)
        machine(f"systemctl stop {server}; systemctl start nginx")


def sub_path(run):
    site = run.machine.path / "etc/nginx/conf.d/meta-module.conf"
    text = site.read_text()
    site.write_text(text.replace("  server_tokens off;\n", "  server_tokens off;\n" + guide("path")[0] + "\n"))
    run.succeeds("nginx takes the sub-path's lines", "nginx -t && systemctl reload nginx")
    run.machine.wait(lambda: run.machine("curl -sf http://localhost/social/").returncode == 0)
    run.succeeds("the page is there, with its headers", "curl -si http://localhost/social/", pattern="(?s)^HTTP/1.1 200.*default-src 'none'")
    run.succeeds("so is the API", "curl -s http://localhost/social/api/meta/health/", pattern='"status":"ok"')
    run.succeeds("and its script, for other sites", "curl -si http://localhost/social/embed.js", pattern="(?is)^HTTP/1.1 200.*allow-origin: [*]")
    run.succeeds("without a slash it leads there", "curl -si http://localhost/social", pattern="(?is)^HTTP/1.1 301.*location: \\S*/social/\\s")
    run.succeeds("and no hidden file", "curl -si http://localhost/social/.htaccess", pattern="^HTTP/1.1 404")


def proxy(run):
    machine = run.machine
    line = guide("proxy")[0].replace("10.0.0.0/8", "127.0.0.0/8")
    machine(f"echo '{line}' >>/etc/meta-module/meta.conf; systemctl reload meta-module")
    run.succeeds("a password is set", "metactl admin set-password", "a sentence nobody guesses\n")

    def sign_in(password, visitor):
        body = json.dumps({"password": password})
        return machine(f"curl -s -o /dev/null -w '%{{http_code}}' -H 'Content-Type: application/json' -H 'X-Forwarded-For: {visitor}' "
                       f"-d '{body}' {API}/session/").stdout

    tried = [sign_in("wrong password", "198.51.100.7") for _ in range(11)]
    run.expect("who mistypes behind the proxy locks itself out", tried[0] == "403" and tried[-1] == "429", tried)
    other = sign_in("a sentence nobody guesses", "198.51.100.8")
    run.expect("and nobody else", other == "200", other)


def upgrade(run):
    """The section's blocks: on shared hosting, by hand, back on shared hosting, back by hand."""
    machine = run.machine
    follow(run, "by hand, upgraded", guide("upgrade")[1])
    key = machine("metactl apikey create --label Site --scope read --quiet").stdout.strip()
    run.succeeds("and served", f"curl -si -H 'X-API-Key: {key}' {GRID}", pattern="^HTTP/1.1 200")
    becomes_newer(run, "/var/lib/meta-module", "systemctl stop meta-module.socket meta-module.service", "meta-module")
    machine("systemctl start meta-module.socket")
    run.succeeds("a newer database is refused", "! metactl token list", pattern="newer")
    follow(run, "and brought back", guide("upgrade")[3], pattern="Restored 1 token")
    run.succeeds("with the keys of before", f"curl -s -H 'X-API-Key: {key}' {GRID}", pattern='"media"')


def becomes_newer(run, folder, stop, account):
    """As a newer program leaves a database: its copy beside it, another number in it."""
    run.machine(stop)
    path = run.machine.path / folder[1:]
    # Elsewhere: SQLite follows the link that /proc/…/root is back to this machine.
    with tempfile.TemporaryDirectory() as copy:
        for file in path.glob("meta.sqlite3*"):
            shutil.copy(file, copy)
        with sqlite3.connect(f"{copy}/meta.sqlite3") as database:
            database.execute("VACUUM INTO ?", (f"{copy}/meta.sqlite3.version-3",))
            database.commit()
            database.execute("PRAGMA user_version = 99")
        database.close()
        run.machine(f"rm -f {folder}/meta.sqlite3-*")
        for name in ("meta.sqlite3", "meta.sqlite3.version-3"):
            shutil.copy(f"{copy}/{name}", path)
    run.machine(f"chown {account}: {folder}/meta.sqlite3*; chmod 600 {folder}/meta.sqlite3*")


def without_systemd(run):
    """The units are stopped, and their sockets gone, as if there were none."""
    machine = run.machine
    machine("systemctl disable --now --quiet meta-module.socket meta-module-refresh.timer meta-module-status.timer meta-module-backup.timer; "
            "systemctl stop meta-module.service; rm -rf /etc/systemd/system/meta-module* /run/meta-module; systemctl daemon-reload")
    lines = guide("other")[0].replace("&", "</dev/null >/dev/null &")
    follow(run, "without systemd", lines)
    machine.wait(lambda: '"status":"ok"' in machine(f"curl -s {API}/health/").stdout)
    run.succeeds("the program has the data and the settings of before", "metactl token list", pattern="John")
    run.succeeds("and is the account's", "ps -C meta.fcgi -o user:20=", pattern="^meta-module\n$")
    machine(f"cp /{PROGRAM} /{PROGRAM}.new && mv /{PROGRAM}.new /{PROGRAM}")
    machine.wait(lambda: not machine("readlink /proc/$(pgrep -x meta.fcgi)/exe | grep deleted").stdout)
    run.succeeds("after an upgrade the new one serves", f"curl -s {API}/health/", pattern='"status":"ok"')
    machine("pkill -f libexec/meta-module/spawn-fcgi")


def as_www_data(run):
    """Servers that start the program as www-data, on a machine that has the programs and the page and nothing else of us."""
    machine = run.machine
    machine("rm -rf /etc/meta-module /var/lib/meta-module /var/cache/meta-module")
    for server, file in {"fcgiwrap": "fcgiwrap.conf", "lighttpd": "lighttpd-spawn.conf", "uwsgi": "uwsgi.ini"}.items():
        lines = first_lines(machine, file)
        if server != "fcgiwrap":
            machine("systemctl stop nginx")
        follow(run, f"the first lines of {file}", "\n".join(lines).replace("systemctl reload nginx", "systemctl restart nginx"), f"{BUNDLE}/hosts")
        if server == "uwsgi":
            machine("systemd-run --unit=uwsgi-meta uwsgi --ini /etc/meta-module/uwsgi.ini")
        machine.wait(lambda: machine("curl -s http://localhost/").returncode == 0)
        run.succeeds(f"{server} reaches the program", f"curl -s {API}/health/", pattern='"status":"ok"')
        run.succeeds("whose data is www-data's", "stat -c '%a %U' /var/lib/meta-module/meta.sqlite3", pattern="^600 www-data")
        machine("systemctl stop lighttpd uwsgi-meta; rm -rf /etc/meta-module /var/lib/meta-module")


def first_lines(machine, file):
    return re.findall(r"^#     (\S.*)", (machine.path / f"{BUNDLE[1:]}/hosts/{file}").read_text(), re.MULTILINE)


def host(run):
    """A shared host: Apache with suEXEC shows what accounts have in public_html. What its operator sets, not the guide."""
    machine = run.machine
    machine("systemctl stop nginx; a2dissite --quiet meta-module; a2enmod --quiet userdir suexec rewrite headers cgid; a2dismod --quiet fcgid")
    (machine.path / "etc/apache2/mods-available/userdir.conf").write_text(
        "UserDir public_html\n<Directory /home/*/public_html>\n  AllowOverride FileInfo Options\n  Require all granted\n</Directory>\n")
    for account in ("alice", "bob"):
        machine(f"useradd --create-home {account}; install -d -o {account} -g {account} -m 755 /home/{account}/public_html; "
                f"chmod 755 /home/{account}")
    machine("systemctl restart apache2")


class Browser:
    """Somebody who signs in at the page of an account, from elsewhere."""

    def __init__(self, machine, account):
        self.machine, self.url, self.cookie = machine, f"http://localhost/~{account}/social/", ""

    def __call__(self, path, body=None, header="X-Nothing: 1"):
        data = f"-H 'Content-Type: application/json' -d '{json.dumps(body)}'" if body else ""
        return self.machine(f"curl -si -H 'X-Forwarded-For: 198.51.100.9' -H 'Origin: http://localhost' -H 'Cookie: {self.cookie}' "
                            f"-H '{header}' {data} {self.url}api/meta/{path}").stdout

    def signs_in(self, run, password):
        answer = self("session/", {"password": password})
        self.cookie = (re.search(r"(?im)^set-cookie: *([^;]+)", answer) or ["", ""])[1]
        run.expect("the page takes the password", re.match(r"HTTP/\S+ 200", answer) and self.cookie, answer)

    def connects(self, run):
        """The first grid, by the page's own requests."""
        added = self("tokens/", {"access_token": token(self.machine), "account_label": "John"})
        pages = self("pages/")
        number, page = re.search(r'"id":(\d+)', added), re.search(r'"fb_page_id":"(\d+)"[^}]*"ig_account_id":"', pages)
        if not (number and page):
            return run.expect("an account is connected", False, added + pages)
        self("sync/", {"client_id": "client_001", "fb_page_id": page[1], "token_id": int(number[1])})
        answers = [self("instagram/client_001/") for _ in range(2)]
        run.expect("and shows the first grid", [re.search(r"(?im)^x-cache: *(\w+)", answer)[1].lower() for answer in answers] == ["miss", "hit"], answers)


def shared(run):
    machine = run.machine
    machine("install -o alice -g alice -m 644 /srv/*.tar.gz /home/alice/")
    lines = guide("shared")[0].replace("https://www.example.org/", "http://localhost/~alice/")
    said = follow(run, "an account with a shell installs it", lines, "/home/alice", "alice", pattern="17 \\* \\* \\* \\*").stdout
    machine("echo META_GRAPH_URL=http://127.0.0.1:8001 >>/home/alice/meta-module/meta.conf")
    browser = Browser(machine, "alice")
    browser.signs_in(run, said.splitlines()[said.splitlines().index("The password of the admin page, shown only now:") + 1])
    browser.connects(run)
    made = follow(run, "a key", "~/meta-module/bin/metactl apikey create --label Website --scope admin --quiet", "/home/alice", "alice")
    answer = browser("instagram/client_001/", header=f"Authorization: Bearer {made.stdout.strip()}")
    run.expect("as Bearer, through suEXEC, opens the grid", re.match(r"HTTP/\S+ 200", answer), answer)
    cron = re.search(r"17 \* \* \* \* (.*)", said)[1]
    follow(run, "the cron line runs", cron, "/home/alice", "alice")
    follow(run, "is upgraded", guide("upgrade")[0], "/home/alice/meta-module-*/", "alice", pattern="Upgraded to")
    becomes_newer(run, "/home/alice/meta-module", "pkill meta.fcgi", "alice")
    follow(run, "and brought back from a newer database", guide("upgrade")[2].replace("pkill", "! pkill"), "/home/alice", "alice",
           pattern="Restored 1 token")
    answer = browser("instagram/client_001/", header=f"Authorization: Bearer {made.stdout.strip()}")
    run.expect("with its keys", re.match(r"HTTP/\S+ 200", answer), answer)
    follow(run, "is removed", "~/meta-module/bin/metactl install --remove", "/home/alice", "alice", pattern="Removed")


def ftp(run):
    """Files and modes, and nothing that runs."""
    machine = run.machine
    settings = guide("ftp")[0] + "\nMETA_GRAPH_URL=http://127.0.0.1:8001\n"
    machine("cat >/srv/meta.conf", settings)
    machine("install -d -o bob -g bob -m 700 /home/bob/meta-module; install -o bob -g bob -m 600 /srv/meta.conf /home/bob/meta-module/; "
            f"cp -r {BUNDLE}/bin /home/bob/meta-module/; chown -R bob: /home/bob/meta-module/bin; cp -r {BUNDLE}/public_html /home/bob/public_html/social; cp -r {BUNDLE}/lib /home/bob/public_html/social/; "
            "chown -R bob: /home/bob/public_html/social; chmod 755 /home/bob/public_html/social")
    browser = Browser(machine, "bob")
    stranger = browser("tokens/")
    run.expect("with FTP alone: a stranger is sent away", re.match(r"HTTP/\S+ 401", stranger), stranger)
    browser.signs_in(run, re.search(r"META_FIRST_PASSWORD=(.*)", settings)[1])
    browser.connects(run)
    run.succeeds("the data is the account's alone", "stat -c '%a %U' /home/bob/meta-module/meta.sqlite3", pattern="^600 bob")
    machine("a2enmod --quiet fcgid; systemctl restart apache2")
    answer = browser("session/")
    run.expect("with mod_fcgid as well", re.match(r"HTTP/\S+ 200", answer) and '"signed_in":true' in answer, answer)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=pathlib.Path, required=True)
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--root", type=pathlib.Path)
    options = parser.parse_args()
    bundle, programs = options.bundle.resolve(), options.programs.resolve()
    parts = (by_hand, sub_path, proxy, upgrade, without_systemd, as_www_data, host, shared, ftp)
    return play(options.root, (lambda run: prepare(run, bundle, programs), *parts))


if __name__ == "__main__":
    sys.exit(main())
