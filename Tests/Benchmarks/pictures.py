"""The way of a picture: from Meta, made smaller, to a browser; and those who come all at once.

What meta-image takes for 1080 to 320 pixels, beside cwebp and vipsthumbnail where they are installed; what a first wish costs;
what a ready picture costs from the program and from nginx's cache, beside a file of the same size and with the same headers from
the same nginx, and beside a C program that does nothing but answer it; and what 200 visitors do that come at once to a feed, and to its pictures, which nobody has asked for. Rounds are interleaved.
"""

import base64
import concurrent.futures
import hashlib
import hmac
import http.client
import re
import shutil
import sqlite3
import subprocess
import threading
import time
import urllib.parse

from scene import HERE, stage

ACCOUNT = "17841405822348523"
VISITORS, TILES = 200, 12
WIDTHS = ("320", "orig")
# What stands on an answer of ours besides its type and length.
HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable", "ETag": r'\"6d6f6e2d70696374757265732d656773\"', "Vary": "Accept",
    "Cross-Origin-Resource-Policy": "cross-origin", "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Request-Id": "0123456789abcdef0123456789abcdef", "X-Content-Type-Options": "nosniff",
}


class Scene(stage.Site):
    def __init__(self, programs):
        # A feed counts its visitors: each of them comes from elsewhere.
        super().__init__(programs=programs, META_CACHE_TTL="86400", META_TRUSTED_PROXIES="127.0.0.1")

    def prepare(self):
        super().prepare()
        [john] = self.connect("john")
        self.map("client_001", john, "104567890123")
        self.media = self.get("instagram/client_001/")["media"]
        self.feed = self.call("POST", "feeds/", client_id="client_001", name="Shop", origins=["any"])["public_id"]
        self.key = self.create_key("bench")
        self.get("instagram/client_001/?images=local")  # The secret of the addresses is made when the first is given out.

    def write_site(self, more=""):
        headers = "".join(f'add_header {name} "{value}" always; ' for name, value in HEADERS.items())
        uncached = f"""location /uncached/ {{ fastcgi_split_path_info "^(/uncached)(/.*)$"; fastcgi_param SCRIPT_NAME /uncached;
          fastcgi_param PATH_INFO $fastcgi_path_info; fastcgi_param HTTP_ACCEPT image/webp; include fastcgi_params;
          fastcgi_keep_conn off; fastcgi_buffer_size 16k; fastcgi_buffers 16 16k; fastcgi_pass meta_module; }}
          location /file/ {{ alias {self.folder}/file/; default_type image/webp; etag off; sendfile on; tcp_nopush off;
            open_file_cache max=1000 inactive=60s; {headers} }}"""
        for width in WIDTHS:
            uncached += f""" location /c/{width} {{ include fastcgi_params; fastcgi_keep_conn off; fastcgi_buffer_size 16k;
              fastcgi_buffers 16 16k; fastcgi_pass unix:{self.folder}/c-{width}.sock; }}"""
        super().write_site(uncached)

    def address(self, medium, width):
        """Our address of a medium's picture, as API.md makes it."""
        with sqlite3.connect(f"file:{self.folder}/data/meta.sqlite3?mode=ro", uri=True) as database:
            secret = database.execute("SELECT value FROM setting WHERE name = 'picture_secret'").fetchone()[0]
        source = medium["media_url"] if medium["media_type"] != "VIDEO" else medium["thumbnail_url"]
        digest = hashlib.sha256(urllib.parse.urlsplit(source).path.encode()).digest()[:9]
        message = f"{ACCOUNT} {medium['id']} {base64.urlsafe_b64encode(digest).decode()} {width}"
        seal = hmac.new(secret.encode(), message.encode(), "sha256").digest()[:15]
        return f"/media/{medium['id']}/{width}/?v={ACCOUNT}.{base64.urlsafe_b64encode(digest + seal).decode()}"

    def fetch(self, path, number=0):
        headers = {"Accept": "image/webp,*/*", "X-Forwarded-For": f"192.0.2.{number}"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()

    def forget(self):
        """Everything that is kept goes, and the calls are counted anew."""
        self.metactl("cache", "clear")
        for kept in [one for one in (self.folder / "pictures").rglob("*") if one.is_file()]:
            kept.unlink()
        self.control("calls", "DELETE")

    def calls(self):
        counts = self.control("counts")
        counts.pop("maximum_in_flight")
        return counts.pop("cdn", 0), sum(counts.values())

    def at_once(self, paths):
        """What 200 visitors get who come together; seconds, and their answers."""
        together = threading.Barrier(VISITORS)

        def come(number):
            together.wait()
            return self.fetch(paths[number % len(paths)], number)

        begin = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(VISITORS) as pool:
            answers = list(pool.map(come, range(VISITORS)))
        return time.perf_counter() - begin, answers


def measure(programs, table, quick):
    with Scene(programs) as scene:
        making(scene, table, 10 if quick else 50)
        first_wish(scene, table)
        warm(scene, table, *((3, 1) if quick else (7, 4)))
        crowds(scene, table)


def milliseconds(command, source):
    with open(source, "rb") as picture:
        begin = time.perf_counter()
        subprocess.run([str(word) for word in command], stdin=picture, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return (time.perf_counter() - begin) * 1000


def making(scene, table, rounds):
    """What a process takes, started, read and written."""
    source, made = scene.folder / "1080.jpg", scene.folder / "made.webp"
    url = urllib.parse.urlsplit(scene.media[0]["media_url"])
    connection = http.client.HTTPConnection(url.netloc, timeout=60)
    connection.request("GET", f"{url.path}?{url.query}")
    source.write_bytes(connection.getresponse().read())
    commands = {"meta-image": [scene.programs / "meta-image", 320, "webp"], "meta-image to JPEG": [scene.programs / "meta-image", 320, "jpeg"]}
    if shutil.which("cwebp"):
        commands["cwebp"] = ["cwebp", "-quiet", "-q", 80, "-resize", 320, 0, source, "-o", made]
    if shutil.which("vipsthumbnail"):
        commands["vipsthumbnail"] = ["vipsthumbnail", source, "-s", "320x", "-o", f"{made}[Q=80]"]
    times = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            times[name].append(milliseconds(command, source))
    for name, values in times.items():
        table.add(f"a picture of 1080 pixels to 320, {name}, ms", values, 1)


def first_wish(scene, table):
    scene.forget()
    scene.get("instagram/client_001/")
    scene.control("calls", "DELETE")
    begin = time.perf_counter()
    status = scene.fetch("/api/meta" + scene.address(scene.media[0], "320"))[0]
    table.add("first wish of a picture, ms", [(time.perf_counter() - begin) * 1000], 0)
    fetches, calls = scene.calls()
    if status != 200:
        raise stage.Failed(f"a first wish was answered {status}")
    table.add("first wish of a picture: fetches", [fetches], 0)
    table.add("first wish of a picture: calls of Graph", [calls], 0)


def rate(scene, path, seconds):
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s", "-H", "Accept: image/webp", f"http://127.0.0.1:{scene.port}{path}"]
    text = scene.output(*command)
    if "Non-2xx" in text or "Socket errors" in text:
        raise stage.Failed(text)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])


def warm(scene, table, rounds, seconds):
    (scene.folder / "file").mkdir(exist_ok=True)
    scene.output("cc", "-O2", "-o", scene.folder / "responder", HERE / "reference-responder.c", "-lfcgi", "-lpthread")
    for width in WIDTHS:
        path = scene.address(scene.media[0], width)
        body = scene.fetch("/api/meta" + path)[2]
        (scene.folder / "file" / width).write_bytes(body)
        head = "".join(f"{name}: {value}\r\n" for name, value in {**HEADERS, "Content-Type": "image/webp", "Content-Length": len(body)}.items())
        (scene.folder / f"answer-{width}").write_bytes(head.replace("\\", "").encode() + b"\r\n" + body)
        socket = scene.folder / f"c-{width}.sock"
        scene.start(f"c-{width}", scene.folder / "responder", socket, scene.folder / f"answer-{width}", 4, ready=socket)
        places = {"file": f"/file/{width}", "nginx's cache": "/api/meta" + path, "program": "/uncached" + path, "C": f"/c/{width}"}
        rates = {name: [] for name in places}
        for _ in range(rounds):
            for name, place in places.items():
                rates[name].append(rate(scene, place, seconds))
        for name in ("nginx's cache", "program"):
            ratios = [one / other for one, other in zip(rates[name], rates["file"])]
            table.add(f"a picture of {len(body) / 1000:.0f} kB from {'the ' if name == 'program' else ''}{name} / a file from nginx", ratios)
        for name in ("program", "file"):
            ratios = [one / other for one, other in zip(rates[name], rates["C"])]
            table.add(f"a picture of {len(body) / 1000:.0f} kB from {'the program' if name == 'program' else 'a file'} / C", ratios)


def crowds(scene, table):
    """200 visitors at once, where nothing is kept: first of the feed, then of its pictures, with nginx's cache in front and
    without it."""
    scene.forget()
    seconds, answers = scene.at_once([f"/api/meta/feed/{scene.feed}/"])
    table.add("200 visitors of a cold feed, s", [seconds])
    table.add("200 visitors of a cold feed: served", [sum(status == 200 for status, _, _ in answers)], 0)
    table.add("200 visitors of a cold feed: calls of Graph", [scene.calls()[1]], 0)
    for place, name in (("/api/meta", "cold pictures"), ("/uncached", "cold pictures, without nginx's cache")):
        scene.forget()
        scene.get("instagram/client_001/")
        scene.control("calls", "DELETE")
        paths = [place + scene.address(one, "320") for one in scene.media[1 : 1 + TILES]]
        seconds, answers = scene.at_once(paths)
        made = len(list((scene.folder / "data/cache/.pictures" / ACCOUNT).glob("*_webp")))
        table.add(f"200 browsers at 12 {name}, s", [seconds])
        table.add(f"200 browsers at 12 {name}: served", [sum(status == 200 for status, _, _ in answers)], 0)
        table.add(f"200 browsers at 12 {name}: fetches", [scene.calls()[0]], 0)
        table.add(f"200 browsers at 12 {name}: makings", [made], 0)
    tiles = [scene.fetch("/api/meta" + scene.address(one, "320"))[2] for one in scene.media[:TILES]]
    table.add("12 tiles on a phone, kB", [sum(map(len, tiles)) / 1000], 0)
