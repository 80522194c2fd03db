"""Debian's releases as trees of their own, each with its own C library, Apache and nginx: the bundle must run in all of them."""

import dataclasses
import os
import shutil
import statistics
import subprocess
import sys
import time

import servers
import surroundings
from stage import PATH, Failed

RELEASES = {"bullseye": "Debian 11", "bookworm": "Debian 12", "trixie": "Debian 13"}
PACKAGES = "apache2,libapache2-mod-fcgid,apache2-suexec-pristine,nginx,ca-certificates"


def mount_alone():
    """Starts this program once more, where nobody else sees what it mounts and nothing of it is left afterwards."""
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        raise Failed("--roots needs root and debootstrap (apt-get install debootstrap)")
    if not os.environ.get("META_HOSTING_ALONE"):
        os.execvpe("unshare", ["unshare", "--mount", sys.executable, *sys.argv], os.environ | {"META_HOSTING_ALONE": "1"})


def trees(folder):
    """The trees, by their names; those that are missing are made."""
    folder.mkdir(parents=True, exist_ok=True)
    for release, name in RELEASES.items():
        tree, part = folder / release, folder / f"{release}.part"
        if not tree.exists():
            shutil.rmtree(part, ignore_errors=True)
            made = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", release, part]
            subprocess.run(made, check=True, stdout=sys.stderr)
            part.rename(tree)
        subprocess.run(["mount", "-t", "proc", "proc", tree / "proc"], check=True)
        subprocess.run(["mount", "--rbind", "/dev", tree / "dev"], check=True)
        libc = subprocess.run(["chroot", tree, "ldd", "--version"], capture_output=True, text=True, check=True).stdout.split()
        yield f"{name} (glibc {libc[libc.index('Copyright') - 1]})", tree


def everywhere(folder):
    """nginx here, with which the others are compared, and every tree's servers."""
    yield servers.SERVERS[0]
    for name, tree in trees(folder):
        for server in servers.IN_ROOTS:
            yield dataclasses.replace(server, name=f"{name}: {server.name}", root=tree)


def unpack(bundle, simulator, folder):
    """What the bundle brings, in one folder, with the simulator that it does not bring."""
    subprocess.run(["tar", "-xzf", bundle, "-C", folder, "--strip-components=1"], check=True)
    shutil.copy(simulator / "graph-simulator", folder / "bin")
    shutil.move(folder / "lib", folder / "bin/lib")
    return folder / "bin"


def cold_starts(programs, folder):
    """How long a CGI request takes from the program's start to its end, in the middle of forty: here, and in every tree."""
    lines = []
    for name, tree in [("here", "/"), *((release, folder / release) for release in RELEASES)]:
        if tree != "/":
            shutil.copytree(programs, tree / "tmp/cold")
        program = "/tmp/cold/meta.fcgi" if tree != "/" else programs / "meta.fcgi"
        times = []
        for _ in range(40):
            begun = time.monotonic()
            subprocess.run([shutil.which("chroot", path=PATH), tree, program], check=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           env=surroundings.CGI | {"META_DATA_DIR": "/tmp/cold-data"})
            times.append(time.monotonic() - begun)
        shutil.rmtree(f"{tree}/tmp/cold", ignore_errors=True)
        shutil.rmtree(f"{tree}/tmp/cold-data", ignore_errors=True)
        lines.append(f"{name} {statistics.median(times) * 1000:.1f} ms")
    return ", ".join(lines)
