#!/usr/bin/env python3
"""The Debian package in a container of Debian 12 with systemd, by the lines of its guide: over an installation of before
the service had an account that stays, upgraded and taken back under load, removed, installed again, purged.

    Tests/Hosting/package.py --package FILE --programs DIR [--root FOLDER]

DIR has graph-simulator; FOLDER is as for systemd.py. Needs root. Prints a line for each thing that is looked at, and
`N passed, N failed`.
"""

import argparse
import html
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from systemd import HOME, REPOSITORY, load, maps_and_serves, play, token

DATA = "/var/lib/meta-module"
# How root's metactl was run beside an account that existed only while the service ran.
AS_SERVICE = (
    "systemd-run --pipe --wait --collect --quiet -p DynamicUser=yes -p User=meta-module -p UMask=0077 -p StateDirectory=meta-module "
    "-p CacheDirectory=meta-module -p LoadCredential=meta.conf:/etc/meta-module/meta.conf -E META_DATA_DIR=/var/lib/meta-module "
    f"-E META_CACHE_DIR=/var/cache/private/meta-module /{HOME}/metactl")


def guide(section):
    """The commands of a section of INSTALL.html, as a reader copies them."""
    text = (REPOSITORY / "nginx/INSTALL.html").read_text()
    part = re.search(rf'<section id="{section}">(.*?)</section>', text, re.DOTALL)[1]
    return [html.unescape(block) for block in re.findall(r"<pre><code>(.*?)</code></pre>", part, re.DOTALL)]


def prepare(run, package, programs):
    machine = run.machine
    for name, file in {"package.deb": package, "graph-simulator": programs / "graph-simulator"}.items():
        place = machine.path / ("srv" if name == "package.deb" else HOME) / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place)
    machine(f"systemd-run --unit=graph /{HOME}/graph-simulator --listen 127.0.0.1:8001")
    machine("rm -f /usr/sbin/sendmail")
    # The same package with another version, for an upgrade.
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["dpkg-deb", "-R", package, f"{folder}/tree"], check=True)
        control = pathlib.Path(folder, "tree/DEBIAN/control")
        control.write_text(re.sub(r"(?m)^(Version: .*)$", r"\1+1", control.read_text()))
        subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "-b", f"{folder}/tree", machine.path / "srv/newer.deb"],
                       check=True, stdout=subprocess.DEVNULL)


def older(run):
    """By hand, with DynamicUser=: the data lies in /var/lib/private, and whose it is says a number that is nobody's."""
    machine = run.machine
    machine(f"dpkg-deb -x /srv/package.deb /srv/x && cp /srv/x/usr/lib/meta-module/* /{HOME}/")
    for unit in ("service", "socket"):
        text = (REPOSITORY / f"nginx/systemd/meta-module.{unit}").read_text()
        text = text.replace("\nUser=meta-module\n", "\nDynamicUser=yes\nUser=meta-module\n").replace("=%C/", "=%C/private/")
        (machine.path / f"etc/systemd/system/meta-module.{unit}").write_text(text)
    settings = machine.path / "etc/meta-module"
    settings.mkdir()
    key = machine(f"/{HOME}/metactl key generate").stdout.strip().splitlines()[-1]
    (settings / "meta.conf").write_text(f"META_FERNET_KEYS={key}\nMETA_GRAPH_URL=http://127.0.0.1:8001\n")
    (settings / "meta.conf").chmod(0o600)
    run.succeeds("an installation of before starts", "systemctl daemon-reload && systemctl enable --now meta-module.socket")
    command = f"{AS_SERVICE} token add --label Before --json --config '${{CREDENTIALS_DIRECTORY}}/meta.conf'"
    run.added = run.succeeds("it takes a token", command, token(machine) + "\n")
    run.succeeds("which lies in private", f"stat -c %N {DATA}", pattern="private/meta-module")


def install(run):
    machine = run.machine
    for number, block in enumerate(guide("byhand")):
        run.succeeds(f"the guide's lines for who leaves an installation by hand, {number + 1}", f"set -e; {block}")
    first, *rest = guide("debian")
    run.expect("the guide begins with the package", first.startswith("apt-get install ./meta-module_"), first)
    lines = [f"dpkg -i /srv/package.deb", *first.splitlines()[1:]]
    run.succeeds("the guide's lines for the package", "set -e; " + "\n".join(lines), pattern='"status":"ok"')
    run.succeeds("nothing was lost", "metactl token list", pattern="Before")
    maps_and_serves(run, run.added)
    run.succeeds("all is the account's", f"! find {DATA} /var/cache/meta-module ! -user meta-module | grep .")
    run.succeeds("the timers wait", "systemctl list-timers --all | grep -c meta-module-", pattern="(?m)^3$")
    for task in ("refresh", "backup", "status"):
        run.succeeds(f"meta-module-{task}.service runs", f"systemctl start meta-module-{task}.service")
    told = machine("metactl doctor --json").stdout
    run.expect("metactl doctor finds no trouble", '"status":"trouble"' not in told and '"checks"' in told, told)


def upgrade(run):
    load(run, "an upgrade of the package and the way back", (f"dpkg -i /srv/newer.deb", f"dpkg -i /srv/package.deb"))
    run.succeeds("the program that serves is the one that lies there", "! readlink /proc/$(systemctl show -P MainPID meta-module)/exe | grep deleted")


def remove(run):
    run.succeeds("removing stops all of it", "dpkg -r meta-module && ! systemctl is-active meta-module.socket meta-module.service")
    run.succeeds("and leaves settings and data", f"ls /etc/meta-module/meta.conf {DATA}/meta.sqlite3")
    run.expect("nginx says 502 then", run.machine("curl -s -o /dev/null -w '%{http_code}' http://localhost/api/meta/health/").stdout == "502")
    run.succeeds("installed again it goes on", f"dpkg -i /srv/package.deb && metactl token list", pattern="Before")
    run.succeeds("and serves", "curl -s http://localhost/api/meta/health/", pattern='"status":"ok"')
    run.succeeds("purging takes it all", "dpkg -P meta-module")
    places = f"/etc/meta-module {DATA} /var/cache/meta-module /var/lib/private/meta-module /usr/lib/meta-module /usr/share/meta-module"
    run.succeeds("and leaves nothing", f"! ls -d {places} 2>/dev/null | grep . && ! systemctl list-unit-files | grep meta-module")
    run.succeeds("no unit is left enabled", "! find /etc/systemd /var/lib/systemd -name '*meta-module*' | grep .")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", type=pathlib.Path, required=True)
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--root", type=pathlib.Path)
    options = parser.parse_args()
    package, programs = options.package.resolve(), options.programs.resolve()
    return play(options.root, (lambda run: prepare(run, package, programs), older, install, upgrade, remove))


if __name__ == "__main__":
    sys.exit(main())
