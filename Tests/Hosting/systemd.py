#!/usr/bin/env python3
"""The units of nginx/systemd run for real: systemd boots in a container of Debian 12, and their first lines are followed.

    Tests/Hosting/systemd.py --programs DIR [--root FOLDER]

DIR has meta.fcgi, metactl and graph-simulator. FOLDER is Debian's tree, made by debootstrap where it is missing and kept;
what the run changes in it is gone afterwards. Needs root, systemd-container and debootstrap. Prints a line for each thing
that is looked at, and `N passed, N failed`.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = ("systemd,systemd-sysv,dbus,nginx-light,curl,procps,ca-certificates,adduser,libcurl4,libfcgi0ldbl,libssl3,libsqlite3-0,"
            "libturbojpeg0,libwebp7,apache2,libapache2-mod-fcgid,apache2-suexec-pristine,lighttpd,caddy,spawn-fcgi,fcgiwrap,uwsgi-core")
HOME = "usr/local/libexec/meta-module"
UNITS = ["socket", "service", *(f"{task}.{kind}" for task in ("refresh", "status", "backup") for kind in ("service", "timer"))]
GRID = "http://localhost/api/meta/instagram/client_001/"


class Machine:
    """systemd in a container without a network but its own loopback."""

    def __init__(self, root):
        self.log = tempfile.TemporaryFile()
        self.nspawn = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--boot", f"--directory={root}", f"--machine=meta-module-{os.getpid()}",
             "--register=no", "--keep-unit", "--private-network", "--volatile=overlay", "--console=pipe"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        try:
            self.wait(self.is_up)
        except BaseException:
            self.stop()
            raise
        self.path = pathlib.Path(f"/proc/{self.leader}/root")

    def is_up(self):
        # Before systemd, nspawn has other children.
        self.leader = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.nspawn.pid)],
                                     capture_output=True, text=True).stdout.strip()
        return self.leader.isdigit() and self("systemctl is-system-running").stdout.strip() in ("running", "degraded")

    @staticmethod
    def wait(condition, seconds=60):
        end = time.monotonic() + seconds
        while not (value := condition()):
            if time.monotonic() > end:
                sys.exit("Tests/Hosting/systemd.py: waited in vain for the container")
            time.sleep(0.05)
        return value

    def __call__(self, command, input=None):
        inside = ["nsenter", "-t", self.leader, "-m", "-u", "-i", "-n", "-p", "-C", "--", "env", "--chdir=/", "/bin/sh", "-c", command]
        environment = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
        return subprocess.run(inside, input=input or "", capture_output=True, text=True, env=environment, timeout=120)

    def stop(self):
        self.nspawn.terminate()
        try:
            self.nspawn.wait(30)
        except subprocess.TimeoutExpired:
            self.nspawn.kill()


class Run:
    def __init__(self, machine):
        self.machine, self.passed, self.failed = machine, 0, 0

    def expect(self, what, is_so, told=""):
        print(f"{'ok    ' if is_so else 'FAILED'} {what}" + ("" if is_so else f": {told}"), flush=True)
        if is_so:
            self.passed += 1
        else:
            self.failed += 1

    def succeeds(self, what, command, input=None, pattern=""):
        done = self.machine(command, input)
        told = done.stdout + done.stderr
        self.expect(what, done.returncode == 0 and re.search(pattern, told) and "\r" not in told, f"{done.returncode} {told}")
        return done


def install(machine, programs):
    """What the first lines of the units and of the site say."""
    home = machine.path / HOME
    home.mkdir(parents=True)
    for name in ("meta.fcgi", "metactl", "graph-simulator"):
        shutil.copy(programs / name, home)
    listing = "".join(subprocess.run(["ldd", programs / name], capture_output=True, text=True).stdout
                      for name in ("meta.fcgi", "metactl", "graph-simulator"))
    for library in {*re.findall(r"=> (/\S+/swift/linux/\S+)", listing), *map(str, programs.glob("*.so"))}:
        shutil.copy(library, home)
    (machine.path / "usr/local/bin/metactl").symlink_to(f"/{HOME}/metactl")
    for file in (REPOSITORY / "nginx/systemd").iterdir():
        shutil.copy(file, machine.path / "etc/systemd/system")
    site = machine.path / "etc/nginx"
    shutil.copy(REPOSITORY / "nginx/meta-module.conf", site / "conf.d")
    (site / "meta-module").mkdir()
    for name in ("fastcgi.conf", "security-headers.conf"):
        shutil.copy(REPOSITORY / "nginx" / name, site / "meta-module")
    (site / "sites-enabled/default").unlink()
    shutil.copytree(REPOSITORY / "www", machine.path / "usr/local/share/meta-module/www")
    machine(f"systemd-run --unit=graph /{HOME}/graph-simulator --listen 127.0.0.1:8001")
    machine("useradd --system --home-dir /var/lib/meta-module --shell /usr/sbin/nologin meta-module")
    settings = machine.path / "etc/meta-module"
    settings.mkdir()
    key = machine("metactl key generate").stdout.strip().splitlines()[-1]
    (settings / "meta.conf").write_text(f"META_FERNET_KEYS={key}\nMETA_GRAPH_URL=http://127.0.0.1:8001\n")
    (settings / "meta.conf").chmod(0o600)
    # A mail program that keeps what it is given.
    mail = machine.path / "usr/sbin/sendmail"
    mail.unlink(missing_ok=True)
    mail.write_text("#!/bin/sh\ncat >>/run/mail\n")
    mail.chmod(0o755)
    machine("systemctl daemon-reload; systemctl restart nginx")


def token(machine):
    listing = machine(f"/{HOME}/graph-simulator --demo --print-tokens").stdout
    return dict(line.split("\t") for line in listing.splitlines())["john"]


def serves(run):
    machine = run.machine
    names = " ".join(f"/etc/systemd/system/meta-module{'.' if unit in ('socket', 'service') else '-'}{unit}" for unit in UNITS)
    verified = machine(f"systemd-analyze verify {names}")
    run.expect("systemd-analyze verify is clean", "meta-module" not in verified.stderr, verified.stderr)
    run.succeeds("socket and timers are enabled", "systemctl enable --now meta-module.socket "
                 "meta-module-refresh.timer meta-module-status.timer meta-module-backup.timer")
    added = run.succeeds("metactl takes a token from a pipe while the program has never run",
                         "metactl token add --label John --json", token(machine) + "\n")
    maps_and_serves(run, added)


def maps_and_serves(run, added):
    """A client's grid through nginx, from the answer to metactl token add."""
    machine = run.machine
    number = re.search(r'"id":(\d+)', added.stdout)
    pages = machine("curl -s http://localhost/api/meta/pages/").stdout
    page = re.search(r'"fb_page_id":"(\d+)"[^}]*"ig_account_id":"', pages)
    if not (number and page):
        return run.expect("the program lists the pages of the token", False, added.stdout + added.stderr + pages)
    machine("curl -s -H 'Content-Type: application/json' http://localhost/api/meta/sync/ -d "
            f"""'{{"client_id":"client_001","fb_page_id":"{page[1]}","token_id":{number[1]}}}'""")
    states = [machine(f"curl -sD - -o /dev/null {GRID}").stdout for _ in range(3)]
    found = [(re.search(r"(?i)^X-Cache: *(\S+)", state, re.M) or ["", ""])[1].lower() for state in states]
    run.expect("three GETs of a grid are miss, hit, hit", found == ["miss", "hit", "hit"], states)


def confined(run):
    machine = run.machine
    for folder in ("/var/lib/meta-module", "/var/cache/meta-module"):
        run.succeeds(f"{folder} is the account's alone", f"stat -c '%F %a %U' {folder}", pattern="^directory 700 meta-module")
    for unit in ("", "-refresh", "-status", "-backup"):
        told = machine(f"systemd-analyze security --no-pager meta-module{unit}.service").stdout
        exposure = re.search(r"exposure level.*: ([0-9.]+)", told)
        print(f"       exposure of meta-module{unit}.service: {exposure and exposure[1]}")
        run.expect(f"meta-module{unit}.service is exposed 1.2 at most", exposure and float(exposure[1]) <= 1.2, told[-300:])


def metactl(run):
    machine = run.machine
    run.succeeds("root's metactl sees the service's token", "metactl token list", pattern="John")
    run.succeeds("config names the file", "metactl config", pattern="/etc/meta-module/meta.conf")
    run.succeeds("backup writes where only root may", "cd /srv && metactl backup copy && stat -c '%a %U' copy", pattern="600 root")
    run.succeeds("backup - writes to standard output", "metactl backup - >/srv/piped && metactl backup - | cmp - /srv/piped")
    machine("metactl token list >/dev/null; printf '%s\n' none >/srv/secret; chmod 600 /srv/secret")
    told = machine("metactl token replace 1 --token-file /srv/secret")
    run.expect("--token-file is read as root", "cannot be read" not in told.stderr, told.stderr)
    run.succeeds("a new key for a site comes without CR", "metactl apikey create --label Site --scope read | od -c | grep -c '\\\\r' | grep -x 0")
    run.succeeds("nothing in the data folder is root's", "! find /var/lib/meta-module /var/cache/meta-module ! -user meta-module | grep .")
    refused = machine("metactl restore /srv/copy")
    run.expect("restore names the socket while the program runs",
               refused.returncode == 1 and "meta-module.socket" in refused.stderr, refused.stderr)
    run.succeeds("restore works once both are stopped", "systemctl stop meta-module.socket meta-module.service && "
                 "metactl restore /srv/copy && systemctl start meta-module.socket", pattern="Restored 1 token")
    run.succeeds("and from a pipe", "systemctl stop meta-module.socket meta-module.service; "
                 "cat /srv/piped | metactl restore -; systemctl start meta-module.socket", pattern="Restored 1 token")
    run.succeeds("the data folder keeps its mode", "stat -c %a /var/lib/meta-module", pattern="^700")
    user = machine("setpriv --reuid 33 --regid 33 --clear-groups env HOME=/nonexistent metactl token list")
    run.expect("another account is told to use sudo", user.returncode == 2 and "sudo" in user.stderr, user.stderr)


def timers(run):
    machine = run.machine
    run.succeeds("refresh runs", "systemctl start meta-module-refresh.service")
    for _ in range(2):
        run.succeeds("backup runs", "systemctl start meta-module-backup.service")
    run.succeeds("two backups lie in the folder", "ls /var/lib/meta-module/backups/*.sqlite3 | wc -l", pattern="^2")
    run.succeeds("--keep removes the older ones", "metactl backup --keep 1 /var/lib/meta-module/backups && "
                 "ls /var/lib/meta-module/backups/*.sqlite3 | wc -l", pattern="(?m)^1$")
    run.succeeds("status runs", "systemctl start meta-module-status.service; true")
    # A database that is gone is trouble enough.
    machine("systemctl stop meta-module.socket meta-module.service; mv /var/lib/meta-module/meta.sqlite3 /srv/")
    told = machine("rm -f /run/mail; systemctl start meta-module-status.service")
    run.expect("status fails where there is trouble", told.returncode != 0, told.stderr)
    Machine.wait(lambda: machine("systemctl is-active mail-meta-module@meta-module-status.service").stdout.strip()
                 in ("inactive", "failed") and machine("test -s /run/mail").returncode == 0, 20)
    run.succeeds("and mails what it said", "cat /run/mail", pattern="(?s)Subject: meta-module-status.*meta.sqlite3")
    machine("mv /srv/meta.sqlite3 /var/lib/meta-module/; systemctl reset-failed; systemctl start meta-module.socket")


SWAP = f"cp /{HOME}/meta.fcgi /{HOME}/new && mv /{HOME}/new /{HOME}/meta.fcgi"


def load(run, what="restart, reload and a swapped program",
         commands=("systemctl restart meta-module", "systemctl reload meta-module", SWAP)):
    """All of that three times, while requests come without a pause."""
    machine = run.machine
    key = machine("metactl apikey create --label Load --scope read").stdout
    key = re.search(r"mm_\S+", key)[0]
    lost, counts, ended = [], [0] * 4, threading.Event()

    def ask(worker):
        while not ended.is_set():
            status = machine("for i in 1 2 3 4 5 6 7 8 9 10; do "
                             f"curl -s -o /dev/null -w '%{{http_code}}\\n' -H 'X-API-Key: {key}' {GRID}; done").stdout.split()
            lost.extend(code for code in status if code != "200")
            counts[worker] += len(status)

    askers = [threading.Thread(target=ask, args=(worker,)) for worker in range(4)]
    for asker in askers:
        asker.start()
    for command in commands * 3:
        done = machine(command)
        if done.returncode:
            run.expect(command, False, done.stderr)
        before = sum(counts)
        Machine.wait(lambda: sum(counts) >= before + 60)
    ended.set()
    for asker in askers:
        asker.join()
    run.expect(f"{what} lose none of {sum(counts)} requests", not lost,
               (lost[:20], machine("tail -n 5 /var/log/nginx/error.log").stdout))


def play(root, parts):
    """Boots the tree, which is made where it is missing, for the parts; what came out as an exit status."""
    for program in ("systemd-nspawn", "debootstrap", "nsenter"):
        if not shutil.which(program) or os.geteuid() != 0:
            sys.exit(f"Tests/Hosting: needs root and {program} (apt-get install systemd-container debootstrap).")
    with tempfile.TemporaryDirectory() as folder:
        root = (root or pathlib.Path(folder) / "root").resolve()
        if not root.exists():
            made = root.with_name(f"{root.name}.part")
            shutil.rmtree(made, ignore_errors=True)
            subprocess.run(["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", made], check=True,
                           stdout=sys.stderr)
            subprocess.run(["chroot", made, "systemctl", "disable", "--quiet", "apache2", "lighttpd", "caddy"], check=True)
            made.rename(root)
        machine = Machine(root)
        run = Run(machine)
        try:
            for part in parts:
                part(run)
        finally:
            machine.stop()
    print(f"{run.passed} passed, {run.failed} failed")
    return 1 if run.failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--root", type=pathlib.Path)
    options = parser.parse_args()
    return play(options.root, (lambda run: install(run.machine, options.programs.resolve()), serves, confined, metactl, timers, load))


if __name__ == "__main__":
    sys.exit(main())
