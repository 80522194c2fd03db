#!/usr/bin/env python3
"""The fetcher of pictures against a Graph that gives any address for a picture, and a content network that sends anything.

    Tests/Fuzz/fetcher.py [--seconds N] [--seed N]

Started by Tests/torture fuzz. In a network of its own, where names of Meta's resolve to loopback, private, link-local and
shared addresses, all of which are there and have somebody who listens and counts: so a fetch from one would be seen. That it
would be is tried first: the listeners are connected to, and a name that resolves to a public address is fetched from. Ends with
status 0 if nobody came to a refused address, every answer was one that API.md has, and neither the program nor meta-image died.
"""

import argparse
import base64
import collections
import concurrent.futures
import hashlib
import hmac
import json
import os
import pathlib
import random
import socket
import sqlite3
import stat
import struct
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import stage  # noqa: E402

ACCOUNT = "17841405822348523"
PUBLIC = "157.240.27.63"
REFUSED = {
    "loopback": "127.0.0.1", "loopback-two": "127.9.9.9", "ten": "10.1.2.3", "shared": "100.64.0.9", "metadata": "169.254.169.254",
    "private": "172.16.0.4", "home": "192.168.7.7", "bench": "198.18.0.3", "loopback-six": "::1", "unique-local": "fd00::7",
    "documents-six": "2001:db8::7", "nat": "64:ff9b::7f00:1",
}
# Nobody listens at the first of these; whoever goes on to the second has been led astray.
BOTH = ("157.240.27.64", "10.1.2.3")
OTHER_PORTS = (80, 8099)
STATUSES = {200, 404, 415, 502, 503, 504}
MAGIC = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n", "image/webp": b"RIFF"}
CALLERS, ROUND = 8, 64


def enter_network():
    """A network and mounts of our own, as root or as somebody who is root there."""
    if os.environ.get("META_FUZZ_NETWORK"):
        return
    os.environ["META_FUZZ_NETWORK"] = "own"
    mapping = [] if os.geteuid() == 0 else ["--map-root-user"]
    os.execvp("unshare", ["unshare", *mapping, "--mount", "--net", sys.executable, *sys.argv])


class Counter:
    """Somebody who listens at an address, and counts who comes."""

    def __init__(self, address, port):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.address, self.port, self.count = address, port, 0
        self.socket = socket.socket(family)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((address, port))
        self.socket.listen(64)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            visitor = self.socket.accept()[0]
            self.count += 1
            visitor.close()


def host(name):
    return f"{name}.cdninstagram.com"


class Scene(stage.Stage):
    def prepare(self):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for address in [PUBLIC, *REFUSED.values()]:
            if address not in ("127.0.0.1", "::1"):
                subprocess.run(["ip", "address", "replace", f"{address}/{128 if ':' in address else 32}", "dev", "lo"], check=True)
        hosts = self.folder / "hosts"
        lines = [f"{address} {host(name)}" for name, address in {**REFUSED, "public": PUBLIC}.items()]
        lines += [f"{address} {host('both')}" for address in BOTH]
        hosts.write_text("127.0.0.1 localhost\n" + "\n".join(lines) + "\n")
        subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
        # A connection to an address that nobody has fails at once.
        subprocess.run(["ip", "route", "add", "unreachable", f"{BOTH[0]}/32"], check=True)
        self.counters = [Counter(address, 443) for address in REFUSED.values()] + [Counter("127.0.0.1", port) for port in OTHER_PORTS]
        self.public = Counter(PUBLIC, 443)
        # Says which of them were ended by a signal; the program tells of one in a minute.
        self.deaths = self.folder / "deaths"
        maker = self.folder / "maker"
        maker.write_text(
            f"#!/bin/sh\n'{self.programs}/meta-image' \"$@\"\nstatus=$?\n[ $status -le 128 ] || echo $status >> '{self.deaths}'\nexit $status\n")
        maker.chmod(maker.stat().st_mode | stat.S_IXUSR)
        self.environment |= {"META_IMAGE_BIN": str(maker), "META_BACKOFF_UNIT_MS": "1", "META_CACHE_TTL": "86400"}
        self.start_simulator()
        self.metactl("token", "add", "--label", "fuzz", say=self.token("john"))
        body = {"client_id": "client_001", "fb_page_id": "104567890123", "token_id": 1}
        self.metactl("request", "POST", "/sync/", "-d", json.dumps(body))
        self.program = self.start_program()
        # The secret of the addresses is made when the first is given out.
        self.metactl("request", "GET", "/instagram/client_001/?images=local")
        with sqlite3.connect(f"file:{self.folder}/data/meta.sqlite3?mode=ro", uri=True) as database:
            self.secret = database.execute("SELECT value FROM setting WHERE name = 'picture_secret'").fetchone()[0].encode()

    def picture(self, medium, width, accept):
        """Status, type and content of our answer for a medium's picture."""
        digest = hashlib.sha256(medium.encode()).digest()[:9]
        message = f"{ACCOUNT} {medium} {base64.urlsafe_b64encode(digest).decode()} {width}"
        seal = hmac.new(self.secret, message.encode(), "sha256").digest()[:15]
        proof = base64.urlsafe_b64encode(digest + seal).decode()
        target = f"/media/{medium}/{width}/?v={ACCOUNT}.{proof}"
        status, headers, content = stage.ask(self.socket, stage.parameters("GET", target, HTTP_ACCEPT=accept))
        return status, headers.get("content-type", ""), content

    def graph_gives(self, medium, source, kind="IMAGE"):
        answer = {"id": medium, "media_type": kind, "media_url": source, "thumbnail_url": source}
        self.fault("raw", path=f"/{medium}", body=answer, count=2)


def scans(width, height, times):
    """A progressive JPEG that goes over its picture many times."""

    def segment(marker, content):
        return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content

    table = bytes([1] + [0] * 15) + b"\0"
    frame = struct.pack(">BHHB", 8, height, width, 1) + bytes([1, 0x11, 0])
    first, later = segment(0xDA, bytes([1, 1, 0, 0, 0, 0])), segment(0xDA, bytes([1, 1, 0, 1, 63, 0]))
    head = b"\xff\xd8" + segment(0xDB, bytes([0] + [1] * 64)) + segment(0xC2, frame)
    return head + segment(0xC4, b"\0" + table) + segment(0xC4, b"\x10" + table) + first + later * times + b"\xff\xd9"


def bombs():
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 65536, 65536) + b"\x08\x06\0\0\0\0\0\0\0"
    webp = b"RIFF\x1e\0\0\0WEBPVP8L\x11\0\0\0\x2f" + struct.pack("<I", 16382 | 16382 << 14) + bytes(13)
    return [png, webp, scans(65500, 65500, 1), scans(7000, 7000, 400), scans(1000, 1000, 2000), b"GIF89a", b"<svg/>", b""]


class Trap:
    """One wish: what Graph and the content network will say, and whether anything may be fetched for it."""

    def __init__(self, chance, seeds):
        self.medium = str(chance.randrange(10**16, 10**17))
        self.width = chance.choice(["320", "320", "640", "1080", "orig"])
        self.accept = chance.choice(["image/webp,*/*", "image/jpeg", "*/*", ""])
        self.chance, self.seeds = chance, seeds
        self.is_foreign = chance.random() < 0.4

    def set(self, scene):
        if self.is_foreign:
            scene.graph_gives(self.medium, self.foreign(scene), self.chance.choice(["IMAGE", "VIDEO", "CAROUSEL_ALBUM"]))
            return
        scene.graph_gives(self.medium, f"http://127.0.0.1:{scene.graph_port}/cdn/i/{self.medium}_n.jpg")
        path = f"/cdn/i/{self.medium}"
        kind, more = self.trouble(scene)
        if kind:
            scene.fault(kind, path=path, **more)

    def foreign(self, scene):
        chance, name = self.chance, host(self.chance.choice([*REFUSED, "both"]))
        address = chance.choice(list(REFUSED.values()))
        digits = f"[{address}]" if ":" in address else address
        return chance.choice([
            f"https://{name}/v/1_n.jpg?oe=1", f"https://{name}/v/1_n.jpg?oe=1", f"https://{name}/v/1_n.jpg?oe=1",
            f"https://{name}:443/x", f"https://{name}:{chance.choice(OTHER_PORTS)}/x", f"http://{name}/x", f"https://{digits}/x",
            f"http://127.0.0.1:{chance.choice(OTHER_PORTS)}/cdn/x", f"http://127.0.0.1:{scene.graph_port}@{name}/x",
            f"https://x@{name}/", f"https://{name.upper()}/x", f"https://{name}./x", f"https://127.0.0.1\\.{name}/x", f"//{name}/x",
            f"https://{digits}#.{name}/x", f"https://{digits}?.{name}/x", f"gopher://{name}/x", "file:///etc/hosts", "https://2130706433/x",
            f"http://127.0.0.1:{scene.graph_port}1/x", f"http://localhost:{scene.graph_port}/cdn/x", "".join(chance.choices("htps:/.@#\\%[]\r\n 1aä", k=20)),
        ])

    def trouble(self, scene):
        chance = self.chance
        name = host(chance.choice([*REFUSED, "both"]))
        slow = chance.random() < 0.001
        return chance.choice([
            *[("raw", {"bytes": list(self.picture()), "headers": {"Content-Type": chance.choice(["image/jpeg", "image/svg+xml", "text/html"])}})] * 6,
            ("redirect", {"location": chance.choice([
                "http://127.0.0.1:8099/", "https://127.0.0.1/", f"https://{name}/x", f"http://127.0.0.1:{scene.graph_port}/cdn/x", "file:///etc/hosts",
                f"//{name}/x"])}),
            ("raw", {"status": chance.choice([403, 404, 410]), "body": "URL signature expired"}), ("gzip_bomb", {"bytes": 64 << 20}),
            ("endless", {"bytes": 20 << 20}), ("reset", {"bytes": chance.randrange(300)}), ("truncated", {"bytes": chance.randrange(300)}),
            ("empty", {"status": chance.choice([200, 204, 304, 500])}), ("html", {}), ("not_http", {}), ("wrong_types", {}),
            ("hang", {}) if slow else ("latency", {"ms": 20}), ("drip", {"ms": 200}) if slow else (None, {}),
        ])

    def picture(self):
        """A bomb, or a picture that was cut, patched, repeated."""
        chance = self.chance
        if chance.random() < 0.2:
            return chance.choice(bombs())
        content = bytearray(chance.choice(self.seeds))
        for _ in range(chance.randrange(6)):
            place = chance.randrange(len(content))
            way = chance.randrange(4)
            if way == 0:
                content[place] = chance.choice([0, 0xFF, 0xDA, 0xC2, 0xD9, chance.randrange(256)])
            elif way == 1:
                content[place:place] = content[place : place + chance.randrange(1, 64)]
            elif way == 2:
                content[place : place + 4] = chance.randbytes(4)
            elif len(content) > 40:
                del content[max(20, place) :]
        return bytes(content)

    def verdict(self, answer):
        """What is wrong with the answer; `None`: nothing."""
        status, kind, content = answer
        if status not in STATUSES:
            return f"status {status}"
        if self.is_foreign and status == 200:
            return "a picture from a foreign address"
        if status == 200 and not content.startswith(MAGIC.get(kind, b"\0no picture's")):
            return f"{kind} that is none"
        return None


def control(scene):
    """That a visit would be seen."""
    for name, address in REFUSED.items():
        socket.create_connection((host(name), 443), timeout=5).close()
    for port in OTHER_PORTS:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    stage.wait_until(lambda: all(counter.count for counter in scene.counters), "a listener counts nobody")
    for counter in scene.counters:
        counter.count = 0
    medium = "18000000000000001"
    scene.graph_gives(medium, f"https://{host('public')}/v/1_n.jpg")
    status = scene.picture(medium, "320", "*/*")[0]
    if status != 502 or not scene.public.count:
        raise stage.Failed(f"a public address was not tried: {status}")


def main():
    parser = argparse.ArgumentParser(prog="Tests/Fuzz/fetcher.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4)), help="the same traps again, but for their moments")
    options = parser.parse_args()
    enter_network()
    chance = random.Random(options.seed)
    seeds = [file.read_bytes() for file in sorted((HERE / "corpus/picture").iterdir())]
    statuses, wrong = collections.Counter(), []
    with Scene() as scene, concurrent.futures.ThreadPoolExecutor(CALLERS) as pool:
        control(scene)
        end = time.monotonic() + options.seconds
        while time.monotonic() < end and not wrong:
            traps = [Trap(chance, seeds) for _ in range(ROUND)]
            for trap in traps:
                trap.set(scene)
            for trap, answer in zip(traps, pool.map(lambda trap: scene.picture(trap.medium, trap.width, trap.accept), traps)):
                statuses[answer[0]] += 1
                if reason := trap.verdict(answer):
                    wrong.append(f"{trap.medium}: {reason}")
            scene.heal()
        wrong += [f"{counter.count} came to {counter.address}, port {counter.port}" for counter in scene.counters if counter.count]
        if scene.program.poll() is not None:
            wrong.append(f"the program ended with {scene.program.returncode}")
        if scene.deaths.exists():
            wrong.append(f"meta-image ended with {', '.join(sorted(set(scene.deaths.read_text().split())))}")
        visits = sum(counter.count for counter in scene.counters)
    answers = ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items()))
    print(f"{statuses.total():,} inputs, {visits} visits at refused addresses; {answers} (--seed {options.seed})")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    stage.play(main)
