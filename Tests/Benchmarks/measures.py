"""The measurements, one function a section; each adds its figures to the table."""

import concurrent.futures
import json
import os
import pathlib
import re
import statistics
import subprocess
import time
import urllib.parse

import pictures as ways_of_pictures
from scene import CLIENT, ON_POSTGRESQL, PAGE, SIZES, THREADS, Population, stage
from stage import Failed


# Load


def wrk(scene, place, seconds, connections=16, script=None, path=None):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-H", f"X-API-Key: {scene.key}"]
    if script:
        command += ["-s", str(script)]
    target = f"/{place}{path}" if path else scene.grid(place)
    command.append(f"http://127.0.0.1:{scene.port}{target}")
    text = scene.output(*command)
    if "Non-2xx" in text or "Socket errors" in text:
        raise Failed(f"{place} failed under load:\n{text}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    count = int(re.search(r"(\d+) requests in", text)[1])
    latency = {name: milliseconds(value) for name, value in re.findall(r"(50|99)%\s+([\d.]+(?:us|ms|s))", text)}
    return rate, count, latency


def milliseconds(text):
    number, unit = re.match(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def cpu_seconds(child):
    fields = pathlib.Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def best_reference(scene, kept):
    """The C responder at the number of threads that serves most; a kept connection occupies a thread, so fewer threads
    than connections would leave some without an answer."""
    if kept not in scene.best:
        rates = {}
        for _ in range(3):
            for threads in THREADS:
                if not kept or threads >= 16:
                    rates.setdefault(threads, []).append(wrk(scene, f"c{threads}-{'on' if kept else 'off'}", 1)[0])
        scene.best[kept] = max(rates, key=lambda threads: statistics.median(rates[threads]))
    return scene.best[kept]


def throughput(scene, table, quick):
    rounds, seconds = (3, 2) if quick else (7, 4)
    closed, kept = best_reference(scene, False), best_reference(scene, True)
    c_off, c_on = f"c{closed}-off", f"c{kept}-on"
    places = [c_off, "ours-off", c_on, "ours-on"] + (["php-off"] if scene.php else [])
    for place in places:
        wrk(scene, place, 1)
    rates = {place: [] for place in places}
    cost = {"ours-off": [], c_off: []}
    for _ in range(rounds):
        for place in places:
            child = scene.program if place.startswith("ours") else scene.references[kept if place == c_on else closed]
            before = cpu_seconds(child)
            rate, count, _latency = wrk(scene, place, seconds)
            rates[place].append(rate)
            if place in cost:
                cost[place].append((cpu_seconds(child) - before) / max(1, count) * 1e6)
    ratio = lambda one, other: [a / b for a, b in zip(rates[one], rates[other])]  # noqa: E731
    table.add("warm grid, requests/s", rates["ours-off"], 0)
    table.add("warm grid / C, connections closed", ratio("ours-off", c_off))
    table.add("warm grid / C, connections kept", ratio("ours-on", c_on))
    if scene.php:
        table.add("warm grid / PHP-FPM", ratio("ours-off", "php-off"))
    table.add("CPU per request, µs", cost["ours-off"], 1)
    table.add("CPU per request of the C responder, µs", cost[c_off], 1)
    table.add("CPU per request / C", [a / b for a, b in zip(cost["ours-off"], cost[c_off])])
    table.add("threads of the C responder, closed", [closed], 0)
    table.add("threads of the C responder, kept", [kept], 0)


def feeds(scene, table, quick):
    rounds, seconds = (3, 2) if quick else (7, 4)
    path = scene.start_feed(best_reference(scene, False))
    script = scene.folder / "visitors.lua"
    # 120 a minute for each: nobody comes that often.
    script.write_text(
        "local n = 0\nfunction request() n = n + 1; return wrk.format(nil, nil, {['X-Forwarded-For'] ="
        " string.format('10.%d.%d.%d', n / 65536 % 256, n / 256 % 256, n % 256)}) end\n")
    places = ("c-feed", "ours-off")
    rates = {place: [] for place in places}
    for measured in (False, *[True] * rounds):
        for place in places:
            rate = wrk(scene, place, seconds if measured else 1, script=script, path=path)[0]
            if measured:
                rates[place].append(rate)
    table.add("warm feed, requests/s", rates["ours-off"], 0)
    table.add("warm feed / C", [ours / c for ours, c in zip(rates["ours-off"], rates["c-feed"])])


def pictures(scene, table, quick):
    """On a stage of their own."""
    ways_of_pictures.measure(scene.programs, table, quick)


def latency(scene, table, quick):
    """At half of the load that the slower one bears: every connection pauses after each answer."""
    rounds, seconds = (2, 2) if quick else (5, 4)
    script = scene.folder / "pause.lua"
    for kept, name in ((False, "closed"), (True, "kept")):
        places = tuple(f"{who}-{'on' if kept else 'off'}" for who in ("ours", f"c{best_reference(scene, kept)}"))
        top = min(wrk(scene, place, seconds)[0] for place in places)
        script.write_text(f"function delay() return {max(1, round(16 / (top / 2) * 1000))} end\n")
        found = {place: [] for place in places}
        for _ in range(rounds):
            for place in places:
                found[place].append(wrk(scene, place, seconds, script=script)[2])
        for percentile in ("50", "99"):
            ratios = [ours[percentile] / c[percentile] for ours, c in zip(*found.values())]
            table.add(f"p{percentile} at half load / C, connections {name}", ratios)


# A process for each request


def start(scene, table, quick):
    rounds, count = (3, 60) if quick else (7, 200)
    data = scene.copy_data("cgi-data")
    cgi = stage.parameters(
        "GET", f"/instagram/{CLIENT}/", GATEWAY_INTERFACE="CGI/1.1", HTTP_X_API_KEY=scene.key, PATH=stage.PATH, META_DATA_DIR=str(data),
        META_GRAPH_URL="http://127.0.0.1:9", META_CACHE_TTL="86400", REFERENCE_DATABASE=str(data / "meta.sqlite3"),
        REFERENCE_FILE=str(scene.folder / "body"),
    )
    programs = {"ours": scene.programs / "meta.fcgi", "c": scene.folder / "reference-cgi"}
    answer = subprocess.run([programs["ours"]], env=cgi, stdin=subprocess.DEVNULL, capture_output=True).stdout
    if b"X-Cache: hit" not in answer:
        raise Failed(f"the CGI form has no warm grid: {answer[:300]}")
    php = next(iter(sorted(pathlib.Path("/usr/bin").glob("php-cgi*"))), None)
    if php and (scene.folder / "grid.php").exists():
        programs["php"] = php
        cgi |= {"SCRIPT_FILENAME": str(scene.folder / "grid.php"), "REDIRECT_STATUS": "200"}
    times = {name: [] for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            done = subprocess.run(
                [scene.folder / "spawn-timer", str(count), program], env=cgi, capture_output=True, text=True, check=True
            )
            times[name].append(float(done.stdout))
    table.add("cold CGI start / C", [a / b for a, b in zip(times["ours"], times["c"])])
    table.add("cold CGI start, ms", [value / 1000 for value in times["ours"]])
    if "php" in times:
        table.add("cold CGI start / php-cgi", [a / b for a, b in zip(times["ours"], times["php"])])
    for name in ("meta.fcgi", "metactl"):
        stripped = scene.folder / f"{name}.stripped"
        subprocess.run(["strip", "-o", stripped, scene.programs / name], check=True)
        table.add(f"{name} without symbols, MB", [stripped.stat().st_size / 1e6])


# Memory


def footprint(child):
    text = pathlib.Path(f"/proc/{child.pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)[1]) / 1024


def all_workers_at_once(scene, place="ours-off"):
    """Every worker waits for Graph at the same time, so that all have been started."""
    scene.fault("latency", ms=500)
    with concurrent.futures.ThreadPoolExecutor(48) as pool:
        list(pool.map(lambda _: timed(scene, "POST", "/mappings/1/refresh/", place=place), range(48)))
    scene.heal()


def memory(scene, table, quick):
    table.add("memory idle, MB", [footprint(scene.program)], 1)
    all_workers_at_once(scene)
    table.add("memory with all workers started, MB", [footprint(scene.program)], 1)
    process = pathlib.Path(f"/proc/{scene.program.pid}")
    count = lambda kind: len(list((process / kind).iterdir()))  # noqa: E731
    some, many = (20_000, 40_000) if quick else (100_000, 1_000_000)
    served = 0
    while served < some:
        served += wrk(scene, "ours-off", 2, connections=64)[1]
    first, descriptors = footprint(scene.program), count("fd")
    table.add(f"memory after {some:,} requests, MB", [first], 1)
    while served < many:
        served += wrk(scene, "ours-off", 5, connections=64)[1]
    table.add(f"memory growth until {many:,} requests, MB", [footprint(scene.program) - first], 1)
    table.add(f"descriptors more after {many:,} requests", [count("fd") - descriptors], 0)
    table.add("WAL, MiB", [(scene.folder / "data/meta.sqlite3-wal").stat().st_size / (1 << 20)])
    table.add("threads", [count("task")], 0)
    table.add("descriptors", [descriptors], 0)


# Calls to Graph


def timed(scene, method, target, body=None, expected=200, place="ours-off"):
    begin = time.perf_counter()
    status, _, content = scene.request(method, f"/{place}{target}", body)
    elapsed = (time.perf_counter() - begin) * 1000
    if status != expected:
        raise Failed(f"{method} {target} answered {status}: {content[:200]}")
    return elapsed


def own_call(scene, call, token, graph_port=None):
    """How to make the one call to Graph that `call` makes, without us: what is left of our time is our own share. It goes
    through the same nginx, unless a port says that `call` does not."""
    scene.control("calls", "DELETE")
    call()
    record = scene.control("calls")[-1]
    query = {name: value for name, value in record["query"].items() if name != "access_token"} | {"access_token": token}
    target = "/v26.0/" + record["path"].strip("/") + "?" + urllib.parse.urlencode(query)

    def ask():
        begin = time.perf_counter()
        status, _, content = scene.request("GET", target if graph_port else "/graph" + target, port=graph_port)
        if status != 200:
            raise Failed(f"the simulator answered {status}: {content[:200]}")
        return (time.perf_counter() - begin) * 1000

    return ask


def cold_grid(scene):
    """A grid that has to be fetched: its entry is gone, as after its time."""
    for entry in (scene.folder / "data/cache").glob("*/ig_grid_*.entry"):
        entry.unlink()
    return timed(scene, "GET", f"/instagram/{CLIENT}/")


def calls(scene, table, quick):
    count = 8 if quick else 30
    page = {"client_id": CLIENT, "fb_page_id": PAGE, "token_id": 1}
    verify = {"access_token": scene.token("john"), "account_label": "bench"}
    endpoints = {
        "cold grid": lambda: cold_grid(scene),
        "sync": lambda: timed(scene, "POST", "/sync/", page),
        "verify": lambda: timed(scene, "POST", "/verify-user/", verify),
    }
    graph = {name: own_call(scene, call, scene.token("john")) for name, call in endpoints.items()}
    for latency in (0, 100):
        scene.heal()
        if latency:
            scene.fault("latency", ms=latency)
        for name, call in endpoints.items():
            pairs = [(call(), graph[name]()) for _ in range(count)]
            table.add(f"{name}, Graph at {latency} ms: our share, ms", [ours - graphs for ours, graphs in pairs])
    scene.heal()
    with Population(scene.programs, 50) as population:
        population.activate(1)
        graph = own_call(population, population.pages, population.world["tokens"][0]["token"], population.graph_port)
        for tokens in (1, 10, 50):
            population.activate(tokens)
            for latency in (0, 100):
                population.heal()
                if latency:
                    population.fault("latency", ms=latency)
                pairs = [(population.pages(), graph()) for _ in range(3 if quick else 9)]
                name = f"pages, {tokens} token{'s' * (tokens > 1)}, Graph at {latency} ms"
                table.add(f"{name}, ms", [ours for ours, _ in pairs], 1)
                table.add(f"{name}: our share, ms", [ours - graphs for ours, graphs in pairs], 1)


# The pieces of a warm request


def pieces(scene, table, quick):
    """Each piece's time as a multiple of the yardstick's in the same round: SHA-256 of 4 KiB in OpenSSL's C."""
    folder = scene.folder / "pieces"
    folder.mkdir()
    times = json.loads(scene.output(scene.tool("hot-pieces"), folder, 5 if quick else 15))
    yardstick = times.pop("yardstick")
    for name, rounds in times.items():
        table.add(f"{name}, µs", [value / 1000 for value in rounds])
        table.add(f"{name} / yardstick", [value / unit for value, unit in zip(rounds, yardstick)])


# Many machines


def machines(scene, table, quick):
    """The same warm grid on PostgreSQL and on SQLite, in turns; by three programs on this one machine; with many mappings."""
    seconds, rounds = (1, 5) if quick else (3, 9)
    scene.start_postgresql()
    os.sync()
    places = ("ours-off", *(f"{name}-off" for name in ON_POSTGRESQL))
    rates = {place: [] for place in places}
    for place in places:
        wrk(scene, place, 1)
    for turn in range(rounds):
        # Whoever comes first after a pause has the cooler processor.
        for place in places[turn % len(places) :] + places[: turn % len(places)]:
            rates[place].append(wrk(scene, place, seconds)[0])
    for name, one, other in (
        ("warm grid, PostgreSQL / SQLite", "one-off", "ours-off"),
        ("warm grid on PostgreSQL, three programs / one", "three-off", "one-off"),
        ("warm grid on PostgreSQL, 100,000 mappings / 100", "many-off", "one-off"),
    ):
        table.add(name, [a / b for a, b in zip(rates[one], rates[other])])


# Growth


def growth(scene, table, quick):
    """The same warm grid and the same sync, with few and with many mappings and cache entries beside them: programs of
    their own, asked in turns."""
    seconds, rounds = (1, 3) if quick else (3, 7)
    few, *many = (size for size in SIZES if size <= (10_000 if quick else 100_000))
    for size in (few, *many):
        scene.start_grown(size)
    os.sync()  # What was written is not to be written back under the measurement.
    page = {"client_id": CLIENT, "fb_page_id": PAGE, "token_id": 1}
    rates, syncs = {}, {}
    for _ in range(rounds):
        for size in (few, *many):
            rates.setdefault(size, []).append(wrk(scene, f"grown-{size}", seconds)[0])
    for _ in range(10 * rounds):
        for size in (few, *many):
            syncs.setdefault(size, []).append(timed(scene, "POST", "/sync/", page, place=f"grown-{size}"))
    for size in many:
        table.add(f"warm grid, {size:,} mappings / {few}", [a / b for a, b in zip(rates[size], rates[few])])
        table.add(f"sync, {size:,} mappings / {few}", [a / b for a, b in zip(syncs[size], syncs[few])])
    for size in (few, *many):
        place = f"grown-{size}"
        all_workers_at_once(scene, place)
        script = scene.folder / "clients.lua"
        script.write_text(
            f"""local number = 0
            function request()
              number = number % {size - 1} + 1
              return wrk.format("GET", "/{place}/instagram/grown_" .. number .. "/")
            end
            """)
        wrk(scene, place, 4 * seconds, script=script)
        table.add(f"memory, all workers, all of {size:,} clients asked for, MB", [footprint(scene.grown[size])], 1)
