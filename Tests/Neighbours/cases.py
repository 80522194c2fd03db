"""The neighbours: who misbehaves beside the measured ones, each as a function of the scene.

A case begins the program, starts its trouble when it is called, and returns what to wait for. A generator: what comes
before the `yield` is trouble begun, what it yields are the clients whose answers are told; what comes after is clearing up.
"""

import os
import socket
import subprocess
import sys
import threading
import time

import scene as place
import stage

sys.path.insert(0, str(place.HERE.parent / "Fuzz"))
from fetcher import scans  # noqa: E402

FORM = "application/x-www-form-urlencoded"
# 64 KiB in the shortest names that all differ.
NAMES = [f"{number:x}" for number in range(20_000)]


def many_names(begin, item, glue, end, size=65536):
    whole, names = begin, iter(NAMES)
    while len(whole) + len(end) + 16 < size:
        whole += (glue if whole != begin else "") + item(next(names))
    return (whole + end).encode()


def forms(scene, seconds):
    """64 KiB forms with as many names as fit, a hundred at once and 20 a second"""
    scene.begin()
    body = many_names("", lambda name: name + "=", "&", "")
    attack = scene.http("attack", "POST", "session/", [f"Content-Type: {FORM}"], body)
    yield scene.crowd(scene.port, seconds, 100, 20, attack)


def json(scene, seconds):
    """64 KiB of JSON with as many names as fit, a hundred at once and 20 a second"""
    scene.begin()
    body = many_names("{", lambda name: f'"{name}":0', ",", "}")
    files = [scene.http("attack", "POST", "session/", ["Content-Type: application/json"], body)]
    for number, content in enumerate(("[" * 32 + "]" * 32, "[" + "[]," * 21_000 + "[]]", '{"a":"' + "\\u00e4" * 10_000 + '"}')):
        files.append(scene.http(f"attack{number}", "POST", "verify-user/", ["Content-Type: application/json"], content.encode(), key=scene.reader))
    yield scene.crowd(scene.port, seconds, 100, 20, *files)


def headers(scene, seconds):
    """cookies, entity tags, queries and paths as long as nginx lets them through, a hundred at once and 20 a second"""
    scene.begin()
    size = 7_900
    cookies = many_names("Cookie: ", lambda name: name + "=", "; ", "", size).decode()
    twice = "Cookie: " + "meta_session=a; " * 490
    tags = many_names("If-None-Match: ", lambda name: f'"{name}"', ",", "", size).decode()
    query = many_names("?", lambda name: name + "=", "&", "", size).decode()
    files = [
        scene.http("cookies", "GET", "session/", [cookies]), scene.http("twice", "GET", "session/", [twice]),
        scene.http("tags", "GET", f"instagram/{place.WARM}/", [tags], key=scene.reader),
        scene.http("query", "GET", f"instagram/{place.WARM}/{query}", key=scene.reader),
        scene.http("path", "GET", "a/" * 3_900), scene.http("encoded", "GET", "instagram/" + "%41" * 2_600),
    ]
    yield scene.crowd(scene.port, seconds, 100, 20, *files)


def _sign_ins(scene, seconds, number):
    scene.begin()
    attack = scene.direct(
        "attack", "POST", "session/", b'{"password":"wrong"}', address="2001:db8:@@@@:@@@@::1", HTTP_ORIGIN="http://localhost"
    )
    yield scene.crowd(scene.socket, seconds, number, 10, attack)


def sign_ins_10(scene, seconds):
    """ten wrong passwords at once and ten a second, each from an address of its own"""
    yield from _sign_ins(scene, seconds, 10)


def sign_ins_40(scene, seconds):
    """40 wrong passwords at once and ten a second"""
    yield from _sign_ins(scene, seconds, 40)


def sign_ins_200(scene, seconds):
    """200 wrong passwords at once and ten a second"""
    yield from _sign_ins(scene, seconds, 200)


def slow(scene, seconds):
    """60 slow bodies and 40 dripping parameters at the socket, and 60 slow bodies through nginx: a byte in 3 s"""
    scene.begin()
    body = b'{"password":"wrong"}' + b" " * 400
    parameters = stage.parameters("POST", "/session/", body)
    bodies = stage.records(parameters, body, cut=3)
    whole = stage.records(parameters, body)
    http = f"POST /api/meta/session/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    ended = threading.Event()

    def drip():
        open_ones = []
        for number in range(160):
            family, where = (socket.AF_UNIX, str(scene.socket)) if number < 100 else (socket.AF_INET, ("127.0.0.1", scene.port))
            one = socket.socket(family)
            try:
                one.connect(where)
                one.sendall(bodies if number < 60 else whole[:40] if number < 100 else http)
                open_ones.append((one, b" " if number < 60 or number >= 100 else b"x"))
            except OSError:
                one.close()
        while not ended.wait(3):
            for one, byte in open_ones:
                try:
                    one.send(byte)
                except OSError:
                    pass
        for one, _ in open_ones:
            one.close()

    thread = threading.Thread(target=drip)
    thread.start()
    yield []
    ended.set()
    thread.join()


def _expired(scene, seconds, **fault):
    scene.begin()
    scene.fault(**fault)
    visits = [scene.http(f"visit{number}", "GET", f"instagram/expired{number:08}/", key=scene.reader) for number in range(place.EXPIRED)]
    yield [scene.client(scene.port, seconds, 0, "rate", 40, *visits)]
    scene.heal()


def graph_hangs(scene, seconds):
    """Graph hangs; 120 expired grids are asked for, 40 times a second"""
    yield from _expired(scene, seconds, kind="hang")


def graph_500(scene, seconds):
    """Graph answers 500; 120 expired grids are asked for, 40 times a second"""
    yield from _expired(scene, seconds, kind="error", code=1)


def graph_slow(scene, seconds):
    """Graph takes 2 s; 120 expired grids are asked for, 40 times a second"""
    yield from _expired(scene, seconds, kind="latency", ms=2000)


def _cold(scene, seconds, parallel, **fault):
    scene.begin()
    scene.fault(**fault)
    visit = scene.http("visit", "GET", "instagram/cold00000@@@/", key=scene.reader)
    yield [scene.client(scene.port, seconds, place.COLD, "parallel", parallel, visit)]
    scene.heal()


def cold_hangs(scene, seconds):
    """Graph hangs; 200 clients that have no grid ask at once"""
    yield from _cold(scene, seconds, 200, kind="hang")


def cold_500(scene, seconds):
    """Graph answers 500; 60 clients that have no grid ask at once"""
    yield from _cold(scene, seconds, 60, kind="error", code=1)


def cold_slow(scene, seconds):
    """Graph takes 2 s; 200 clients that have no grid ask at once"""
    yield from _cold(scene, seconds, 200, kind="latency", ms=2000)


def _pictures(scene, seconds, **fault):
    scene.begin()
    media = scene.get(f"instagram/{place.WARM}/?images=local")["media"]
    addresses = {medium[name] for medium in media for name in ("media_url", "thumbnail_url") if "/media/" in (medium[name] or "")}
    scene.fault(endpoint="cdn", **fault)
    wishes = [scene.direct(f"wish{number}", "GET", address.split("/api/meta/", 1)[1]) for number, address in enumerate(sorted(addresses))]
    yield scene.crowd(scene.socket, seconds, 200, 40, *wishes)
    scene.heal()


def pictures_hang(scene, seconds):
    """Meta's network hangs; 200 wish at once for pictures that nobody has asked for, and 40 a second"""
    yield from _pictures(scene, seconds, kind="hang")


def pictures_drip(scene, seconds):
    """the same, and Meta's network sends a byte a second"""
    yield from _pictures(scene, seconds, kind="drip")


def pictures_large(scene, seconds):
    """24 pictures of 49 Mpx: two at once want more memory than there is with --cgroup; they are served as they came"""
    scene.begin()
    feed = scene.call("POST", "feeds/", client_id=place.WARM, name="large", origins=["any"], limit=24)["public_id"]
    pictures = [post["images"]["320"]["url"].split("/api/meta/", 1)[1] for post in scene.get(f"feed/{feed}/")["posts"]]
    scene.fault("raw", endpoint="cdn", bytes=list(scans(7000, 7000, 1)), headers={"Content-Type": "image/jpeg"})
    wishes = [scene.direct(f"wish{number}", "GET", path) for number, path in enumerate(pictures)]
    yield scene.crowd(scene.socket, seconds, 2, 2, *wishes)
    scene.heal()


def _lock(scene, seconds, attack):
    data = scene.begin()
    # From another process, as a foreign program would: the locks of SQLite are those of a process.
    holder = subprocess.Popen(
        ["python3", "-c", "import sqlite3,sys;c=sqlite3.connect(sys.argv[1],isolation_level=None);c.execute('BEGIN IMMEDIATE');"
         "print(1,flush=True);sys.stdin.read()", data / "meta.sqlite3"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    holder.stdout.readline()
    yield attack()
    holder.stdin.close()
    holder.wait()


def lock(scene, seconds):
    """another program holds the write lock; keys were last used an hour ago, 20 cold grids are asked for"""
    visit = scene.http("visit", "GET", "instagram/cold00000@@@/", key=scene.key)
    yield from _lock(scene, seconds, lambda: [scene.client(scene.port, seconds, 20, "parallel", 20, visit)])


def lock_writers(scene, seconds):
    """another program holds the write lock, and 40 labels are to be changed at once and ten a second"""
    change = scene.http("change", "PATCH", "tokens/1/", ["Content-Type: application/json"], b'{"account_label":"x"}', key=scene.key)
    yield from _lock(scene, seconds, lambda: scene.crowd(scene.port, seconds, 40, 10, change))


def log(scene, seconds):
    """our log is a pipe that nobody reads; SIGTERM must still end us"""
    read, write = os.pipe()
    scene.begin(log=write)
    os.close(write)
    visit = scene.http("visit", "GET", "nothing/")
    yield [scene.client(scene.port, seconds, 0, "rate", 200, visit)]
    began = time.monotonic()
    status = scene.stop("program")
    took = time.monotonic() - began
    os.close(read)
    yield f"ended {took:.1f} s after SIGTERM, status {status}", took <= 5 and status == 0


def posts(scene, seconds):
    """a read key asks for 24,000 posts that nobody knows"""
    scene.begin()
    scene.control("calls", "DELETE")
    ask = scene.http("ask", "GET", "post/1799@@@@@@@@/", key=scene.reader)
    yield [scene.client(scene.port, seconds, 24_000, "parallel", 16, ask)]
    calls = sum(number for name, number in scene.control("counts").items() if name != "maximum_in_flight")
    most = 20 + 2 * (seconds + 3)
    yield f"{calls} Graph calls", calls <= most


def disk_full(scene, seconds):
    """the disk is full: cold grids and changes of a label are asked for, 80 at once and 20 a second"""
    folder = scene.folder / "disk"
    folder.mkdir(exist_ok=True)
    data = scene.folder / "data"
    size = sum(file.stat().st_blocks * 512 for file in data.rglob("*")) // 1024 + 2048
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k,mode=0700", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode:
        yield None, f"no file system could be mounted: {mounted.stderr.strip()}"
        return
    try:
        scene.begin(data=folder)
        filling = os.open(folder / "filling", os.O_WRONLY | os.O_CREAT)
        try:
            while os.write(filling, b"x" * 4096):
                pass
        except OSError:
            pass
        finally:
            os.close(filling)
        visit = scene.http("visit", "GET", "instagram/cold00000@@@/", key=scene.key)
        change = scene.http("change", "PATCH", "tokens/1/", ["Content-Type: application/json"], b'{"account_label":"x"}', key=scene.key)
        yield scene.crowd(scene.port, seconds, 80, 20, visit, change)
        scene.stop("program")
    finally:
        subprocess.run(["umount", "--lazy", folder], capture_output=True)


def big_answers(scene, seconds):
    """sixteen grids whose answers from Graph are 4 MiB of what costs a parser most"""
    body = b'{"id":"1","media":{"data":[' + b",".join([b"{}"] * ((4 << 20) // 3 - 20)) + b"]}}"
    graph = place.BigGraph(body[: 4 << 20])
    # The warm grid comes from the simulator, everything after it from this one.
    data = scene.begin()
    scene.stop("program")
    scene.start_case(data, {"META_GRAPH_URL": graph.url})
    visit = scene.http("visit", "GET", "instagram/cold00000@@@/", key=scene.reader)
    yield [scene.client(scene.port, seconds, 64, "parallel", 16, visit)]
    graph.close()


def clients(scene, seconds):
    """9,900 clients visit their warm grids"""
    scene.begin()
    visit = scene.http("visit", "GET", "instagram/grown0000@@@@/", key=scene.reader)
    yield [scene.client(scene.port, seconds, place.GROWN * 4, "parallel", 8, visit)]


def quiet(scene, seconds):
    """nobody"""
    scene.begin()
    yield []


ALL = (
    quiet, forms, json, headers, sign_ins_10, sign_ins_40, sign_ins_200, slow, graph_hangs, graph_500, graph_slow, cold_hangs,
    cold_500, cold_slow, pictures_hang, pictures_drip, pictures_large, lock, lock_writers, log, posts, disk_full, big_answers, clients,
)
