#!/usr/bin/env python3
"""Measures the way of a picture: from Meta, made smaller, to a browser.

    Tests/Benchmarks/pictures [--quick] [--programs DIR]

Starts everything itself on loopback, and ends it. Says what meta-image takes for 1080 to 320 pixels, beside cwebp and
vipsthumbnail where they are installed; what a first wish asks of Graph and of Meta's network; what a ready picture costs from
the program and from nginx's cache, beside a file of the same size from the same nginx; and what 200 browsers do that come to
12 pictures at once which nobody has asked for. Fails when one of the bars below is missed. Rounds are interleaved; figures
are medians, with minimum and maximum.
"""

import argparse
import base64
import concurrent.futures
import hashlib
import hmac
import http.client
import pathlib
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import stage  # noqa: E402

ACCOUNT = "17841405822348523"
BARS = {"meta-image, ms": (60, False), "program / file": (0.8, True), "nginx's cache / file": (0.9, True)}


class Scene(stage.Site):
    def prepare(self):
        super().prepare()
        [john] = self.connect("john")
        self.map("client_001", john, "104567890123")
        self.media = [one for one in self.get("instagram/client_001/")["media"]]

    def write_site(self, more=""):
        uncached = f"""location /uncached/ {{ fastcgi_split_path_info "^(/uncached)(/.*)$"; fastcgi_param SCRIPT_NAME /uncached;
          fastcgi_param PATH_INFO $fastcgi_path_info; fastcgi_param HTTP_ACCEPT image/webp; include fastcgi_params;
          fastcgi_keep_conn off; fastcgi_buffer_size 16k; fastcgi_buffers 16 16k; fastcgi_pass meta_module; }}
          location /file/ {{ alias {self.folder}/file/; default_type image/webp; }}"""
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

    def fetch(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path, headers={"Accept": "image/webp,*/*"})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()

    def counts(self):
        return {name: count for name, count in self.control("counts").items() if name != "maximum_in_flight"}


def shown(values, digits=1):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def milliseconds(command, source):
    with open(source, "rb") as picture:
        begin = time.perf_counter()
        subprocess.run([str(word) for word in command], stdin=picture, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return (time.perf_counter() - begin) * 1000


def making(scene, programs, rounds):
    """What a process takes, started, read and written."""
    source = scene.folder / "1080.jpg"
    url = urllib.parse.urlsplit(scene.media[0]["media_url"])
    connection = http.client.HTTPConnection(url.netloc, timeout=60)
    connection.request("GET", f"{url.path}?{url.query}")
    source.write_bytes(connection.getresponse().read())
    made = scene.folder / "made.webp"
    commands = {"meta-image, ms": [programs / "meta-image", 320, "webp"], "meta-image to JPEG, ms": [programs / "meta-image", 320, "jpeg"]}
    if shutil.which("cwebp"):
        commands["cwebp, ms"] = ["cwebp", "-quiet", "-q", 80, "-resize", 320, 0, source, "-o", made]
    if shutil.which("vipsthumbnail"):
        commands["vipsthumbnail, ms"] = ["vipsthumbnail", source, "-s", "320x", "-o", f"{made}[Q=80]"]
    times = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            times[name].append(milliseconds(command, source))
    print(f"a picture of 1080 pixels, {source.stat().st_size} bytes, to 320:")
    for name, values in times.items():
        print(f"  {name:24}{shown(values)}")
    return {"meta-image, ms": statistics.median(times["meta-image, ms"])}


def first_wish(scene):
    scene.fetch("/api/meta/media/1/320/?v=x")  # Whoever asks first makes the secret.
    scene.control("calls", "DELETE")
    begin = time.perf_counter()
    status, headers, body = scene.fetch("/api/meta" + scene.address(scene.media[0], "320"))
    elapsed = (time.perf_counter() - begin) * 1000
    counts = scene.counts()
    print(f"first wish: {status}, {headers.get('Content-Type')}, {len(body)} bytes, {elapsed:.0f} ms; calls: {counts}")
    if status != 200 or counts != {"cdn": 1}:
        raise stage.Failed("a first wish is one fetch and no call to Graph")


def rate(scene, path, seconds):
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s", "-H", "Accept: image/webp", f"http://127.0.0.1:{scene.port}{path}"]
    text = scene.output(*command)
    if "Non-2xx" in text or "Socket errors" in text:
        raise stage.Failed(text)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])


def warm(scene, rounds, seconds):
    found = {}
    for width in ("320", "orig"):
        path = scene.address(scene.media[0], width)
        body = scene.fetch("/api/meta" + path)[2]
        (scene.folder / "file").mkdir(exist_ok=True)
        (scene.folder / "file" / width).write_bytes(body)
        rates = {"file": [], "nginx's cache": [], "program": []}
        for _ in range(rounds):
            rates["file"].append(rate(scene, f"/file/{width}", seconds))
            rates["nginx's cache"].append(rate(scene, "/api/meta" + path, seconds))
            rates["program"].append(rate(scene, "/uncached" + path, seconds))
        print(f"a ready picture, {width}, {len(body)} bytes, requests a second:")
        for name, values in rates.items():
            ratios = [one / other for one, other in zip(values, rates["file"])]
            print(f"  {name:24}{shown(values, 0):28} / file {shown(ratios, 2)}")
            if name != "file":
                found[f"{name} / file, {width}"] = statistics.median(ratios)
    return {"program / file": found["program / file, orig"], "nginx's cache / file": found["nginx's cache / file, 320"]}


def stampede(scene, places):
    """200 browsers, each with one of 12 pictures that nobody has asked for. Without nginx's cache in front, those for whom
    there is no place to wait are told so at once."""
    medium, paths = scene.media[1:13], []
    for place in places:
        scene.metactl("cache", "clear")
        for kept in [one for one in (scene.folder / "pictures").rglob("*") if one.is_file()]:
            kept.unlink()
        scene.get("instagram/client_001/")
        scene.control("calls", "DELETE")
        paths = [place + scene.address(one, "320") for one in medium]
        together = threading.Barrier(200)

        def come(number):
            together.wait()
            return scene.fetch(paths[number % 12])

        begin = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            answers = list(pool.map(come, range(200)))
        elapsed = time.perf_counter() - begin
        refused = sum(status == 503 for status, _, _ in answers)
        statuses = sorted({status for status, _, _ in answers} - ({503} if place == "/uncached" else set()))
        made = len(list((scene.folder / "data/cache/.pictures" / ACCOUNT).glob("*_webp")))
        stood_in = sum("immutable" not in headers.get("Cache-Control", "") for _, headers, _ in answers)
        counts = scene.counts()
        print(f"200 browsers at 12 cold pictures, {place}: {elapsed:.2f} s, statuses {statuses}, {counts.get('cdn')} fetches, "
              f"{made} makings, {stood_in - refused} got the original meanwhile, {refused} were told to come again")
        if statuses != [200] or counts != {"cdn": 12} or made != 12:
            raise stage.Failed(f"not 12 fetches and 12 makings: {counts}, {made}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--programs", type=pathlib.Path, help="release programs that are built already")
    options = parser.parse_args()
    stage.install("nginx", "wrk", wished=("webp", "libvips-tools"))
    programs = options.programs or stage.build(*stage.PROGRAMS)
    rounds, seconds = (3, 1) if options.quick else (7, 4)
    with Scene(programs=programs, META_CACHE_TTL="86400") as scene:
        found = making(scene, programs, 10 if options.quick else 50)
        first_wish(scene)
        found |= warm(scene, rounds, seconds)
        stampede(scene, ("/api/meta", "/uncached"))
    missed = [name for name, (bar, is_least) in BARS.items() if (found[name] < bar if is_least else found[name] > bar)]
    print(f"missed: {', '.join(missed)}" if missed else "no bar missed")
    return 1 if missed else 0


if __name__ == "__main__":
    stage.play(main)
