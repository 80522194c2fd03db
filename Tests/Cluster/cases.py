"""What many machines promise, each promise as a function of the scene, of the report and of whether it is the quick form."""

import collections
import json
import os
import pathlib
import random
import signal
import threading
import time

import load
import stage
from copies import copied

HELD = 2.0  # Seconds that a request may hold a worker when PostgreSQL does not answer.


def told(answers):
    return told_counts(collections.Counter(status for *_, status in answers))


def told_counts(counts):
    return " ".join(f"{number}×{status or 'none'}" for status, number in sorted(counts.items()))


def longest(answers):
    return max((end - begin for begin, end, _ in answers), default=0.0)


def failed(answers, since=0.0):
    return sum(1 for begin, _, status in answers if status != 200 and begin >= since)


# ---- Cold grids, and a machine that is gone


def stampede(scene, name, number=200):
    """Many at once for a grid that no machine has: Graph calls, different answers, and what was answered."""
    path = scene.fresh_client(name)
    scene.control("calls", "DELETE")
    scene.fault("latency", ms=500)
    request = load.http("GET", path, scene.key)
    answers = load.at_once(number, lambda _: load.Connection(scene.port).ask(request))
    scene.heal()
    grids = {json.dumps(json.loads(content).get("media"), sort_keys=True) for status, content in answers if status == 200}
    return scene.graph_calls(), len(grids), collections.Counter(status for status, _ in answers)


def cold(scene, report, quick):
    """200 cold requests over three machines; one machine killed with -9 under load; 200 more"""
    for turn in range(1 if quick else 5):
        calls, grids, statuses = stampede(scene, f"stampede{turn}")
        report.add("200 cold requests, 3 machines: Graph calls", calls, calls == 1, "1")
        report.add("… equal answers", f"{told_counts(statuses)}, {grids} kind", statuses[200] == 200 and grids == 1, "200×200, 1 kind")
    path = scene.fresh_client("killed")
    scene.get(path)
    warm = load.Hammer(scene.port, load.http("GET", path, scene.key), processes=3)
    time.sleep(1)
    victim = scene.machines[1]
    killed = time.monotonic()
    scene.kill_machine(victim)
    time.sleep(4 if quick else 10)
    answers = warm.stop()
    report.add("machine killed: warm grids", told(answers), None, "")
    report.add("… failed in the first second", failed(answers, killed) - failed(answers, killed + 1), None, "")
    report.add("… failed after nginx has noticed", failed(answers, killed + 1), failed(answers, killed + 1) == 0, "0")
    scene.start_machine(victim)
    time.sleep(6)  # Until nginx tries it again.
    silent(scene, report, path)
    # As many as two machines let wait (META_WORKERS).
    calls, grids, statuses = stampede(scene, "afterwards", 140)
    report.add("140 cold requests, 2 machines: Graph calls", calls, calls == 1, "1")
    report.add("… equal answers", f"{told_counts(statuses)}, {grids} kind", statuses[200] == 140 and grids == 1, "140×200, 1 kind")
    scene.machines[1].mend()
    time.sleep(6)
    leader(scene, report)


def silent(scene, report, path):
    """A machine that is gone without a word: power, or a cable. It stays away."""
    warm = load.Hammer(scene.port, load.http("GET", path, scene.key), processes=3)
    time.sleep(2)
    scene.machines[1].cut()
    cut = time.monotonic()
    time.sleep(20)
    answers = warm.stop()
    report.add("machine gone without a word: warm grids failed", f"{failed(answers)} of {len(answers)}", failed(answers) == 0, "0")
    report.add("… longest, s", f"{longest(answers):.1f}", longest(answers) <= 17, "≤ 17")
    late = [answer for answer in answers if answer[0] > cut + 3]
    report.add("… longest of those begun 3 s later, s", f"{longest(late):.1f}", longest(late) <= 2.5, "≤ 2")


def leader(scene, report):
    """The machine that asks Meta for all of them is killed meanwhile: another takes over."""
    path = scene.fresh_client("leader")
    scene.control("calls", "DELETE")
    scene.fault("latency", ms=4000)
    request = load.http("GET", path, scene.key)
    first = scene.machines[0]
    begun = threading.Thread(target=lambda: scene.direct(first, "GET", path))
    begun.start()
    stage.wait_until(lambda: scene.control("calls"), "no call to Graph")
    asked = time.monotonic()
    others = threading.Thread(target=lambda: results.extend(load.at_once(50, lambda _: load.Connection(scene.port).ask(request))))
    results = []
    others.start()
    time.sleep(0.5)
    scene.kill_machine(first)
    scene.heal()
    others.join()
    begun.join()
    took = time.monotonic() - asked
    statuses = collections.Counter(status for status, _ in results)
    report.add("the one that asks Meta is killed: seconds until all are answered", f"{took:.1f}", took <= 8, "≤ 8")
    report.add("… answers", told_counts(statuses), statuses[200] == 50, "50×200")
    calls = scene.graph_calls()
    report.add("… Graph calls, the lost one included", calls, calls <= 2, "≤ 2")
    scene.start_machine(first)


# ---- The primary is lost


def failover(scene, report, quick):
    """the primary is killed under writes and the standby promoted, 20 times"""
    path = scene.fresh_client("warm-failover")
    scene.get(path)
    for _ in range(30):
        scene.get(path)  # Known on every machine.
    writers, warm = load.Writers(scene), load.Hammer(scene.port, load.http("GET", path, scene.key), processes=1, pause=0.01)
    waits, answered = [], 0
    for turn in range(2 if quick else 20):
        time.sleep(1.5)
        scene.primary.kill()
        time.sleep(random.uniform(0.2, 2))
        scene.primary, scene.standby = scene.standby, scene.primary
        scene.primary.promote()
        promoted = time.monotonic()
        stage.wait_until(lambda: any(begin > promoted for _, begin, _ in writers.acknowledged[-200:]), f"no write after promotion {turn}", 60)
        waits.append(min(end for _, begin, end in writers.acknowledged[-500:] if begin > promoted) - promoted)
        scene.standby.follow(scene.primary)
    writers.stop()
    answers = warm.stop()
    lost = writers.lost()
    report.add("primary killed and standby promoted", f"{len(waits)} times", None, "")
    report.add("… writes acknowledged", len(writers.acknowledged), bool(writers.acknowledged), "> 0")
    report.add("… of them lost", len(lost), not lost, "0")
    report.add("… writes refused meanwhile", told([(0, 0, status) for status, *_ in writers.refused]), all(status == 503 for status, *_ in writers.refused), "503 alone")
    report.add("… longest time of a refused one, s", f"{max((end - begin for _, begin, end, _ in writers.refused), default=0):.1f}", None, "")
    report.add("… seconds from promotion to the first write, longest", f"{max(waits):.1f}", max(waits) <= 10, "≤ 10")
    report.add("… warm grids failed", f"{failed(answers)} of {len(answers)}", failed(answers) == 0, "0")


# ---- PostgreSQL is gone


def gone(scene, report, quick):
    """PostgreSQL is gone for five minutes, refusing first, silent then"""
    seconds = 10 if quick else 150
    scene.restart_programs(META_CACHE_TTL="5")
    warm, stale = scene.fresh_client("warm-gone"), scene.fresh_client("stale-gone")
    reader = scene.create_key("reader", "read")
    for _ in range(30):
        for path in (warm, stale):
            scene.get(path)
        scene.direct(scene.machines[_ % 3], "GET", warm, reader)
    for manner in ("refused", "silent"):
        if manner == "refused":
            for database in scene.databases:
                scene.stop(database.name)
        else:
            for database in scene.databases:
                database.machine.cut()
        outage(scene, report, seconds, manner, warm, stale, reader)
        if manner == "refused":
            for database in scene.databases:
                database.start()
        else:
            for database in scene.databases:
                database.machine.mend()
        back = time.monotonic()
        body = json.dumps({"label": "afterwards", "scope": "read"}).encode()
        stage.wait_until(lambda: load.Connection(scene.port).ask(load.http("POST", "apikeys/", scene.key, body))[0] == 201, "no write afterwards", 60)
        took = time.monotonic() - back
        report.add("… back: seconds to the first write", f"{took:.1f}", took <= 10, "≤ 10")
    scene.restart_programs()


def outage(scene, report, seconds, manner, warm, stale, reader):
    hammers = {
        "warm grids": load.Hammer(scene.port, load.http("GET", warm, reader), processes=1, pause=0.01),
        "stale grids": load.Hammer(scene.port, load.http("GET", stale, scene.key), processes=1, pause=0.05),
        "unknown keys": load.Hammer(scene.port, load.http("GET", warm, "mm_" + "x" * 43), processes=4, pause=0.05),
        "writes": load.Hammer(scene.port, load.http("POST", "apikeys/", scene.key, b'{"label":"x","scope":"read"}'), processes=4, pause=0.05),
        "health": load.Hammer(scene.port, load.http("GET", "health/", None), processes=1, pause=0.2),
    }
    time.sleep(seconds)
    status, content = load.Connection(scene.port).ask(load.http("GET", "health/", None))
    answers = {name: hammer.stop() for name, hammer in hammers.items()}
    report.add(f"PostgreSQL {manner} for {seconds} s: health says", f"{status} {content.decode(errors='replace')[:110]}",
               b'"database"' in content and status == 503, "503, database")
    for name in ("warm grids", "stale grids"):
        bad = failed(answers[name])
        report.add(f"… {name} failed", f"{bad} of {len(answers[name])}" + (f": {told(answers[name])}" if bad else ""), bad == 0, "0")
        report.add("… … longest, s", f"{longest(answers[name]):.2f}", longest(answers[name]) <= HELD + 0.3, f"≤ {HELD:.0f}")
    for name in ("unknown keys", "writes"):
        good = all(status == 503 for _, _, status in answers[name])
        report.add(f"… {name}", told(answers[name]), good, "503")
        report.add("… … longest, s", f"{longest(answers[name]):.2f}", longest(answers[name]) <= HELD + 0.3, f"≤ {HELD:.0f}")
    report.add("… health: longest, s", f"{longest(answers['health']):.2f}", longest(answers["health"]) <= HELD + 0.3, f"≤ {HELD:.0f}")


# ---- What was taken away


def revoked(scene, report, quick):
    """a key is revoked while three machines are hammered with it; directly, through PgBouncer, and with one machine asleep"""
    path = scene.fresh_client("revoked")
    scene.get(path)
    hammer_revoked(scene, report, quick, path, "directly")
    asleep(scene, report, path)
    removed(scene, report)
    scene.start_pooler()
    scene.write_settings(host=f"{scene.pooler.address}:6432")
    scene.restart_programs()
    hammer_revoked(scene, report, quick, path, "through PgBouncer")
    calls, grids, statuses = stampede(scene, "pooled")
    report.add("200 cold requests through PgBouncer: Graph calls", calls, calls == 1, "1")
    report.add("… equal answers", f"{told_counts(statuses)}, {grids} kind", statuses[200] == 200 and grids == 1, "200×200, 1 kind")
    scene.write_settings()
    scene.restart_programs()


def make_key(scene, label):
    row = scene.call("POST", "apikeys/", label=label, scope="read")
    return row["id"], row["key"]


def hammer_revoked(scene, report, quick, path, manner):
    wanted, asked, served, waits, before = 5_000 if quick else 100_000, 0, 0, [], 0
    while asked < wanted:
        number, key = make_key(scene, "to be revoked")
        request = load.http("GET", path, key)
        hammer = load.Hammer(scene.port, request, processes=3)
        time.sleep(1)
        begun = time.monotonic()
        status, content = load.Connection(scene.port).ask(load.http("DELETE", f"apikeys/{number}/", scene.key))
        acknowledged = time.monotonic()
        if status != 204:
            raise stage.Failed(f"the key could not be revoked: {status} {content[:200]}")
        waits.append(acknowledged - begun)
        time.sleep(2 if quick else 6)
        answers = hammer.stop()
        before += sum(1 for begin, _, status in answers if begin < begun and status == 200)
        late = [status for begin, _, status in answers if begin >= acknowledged]
        asked += len(late)
        served += sum(1 for status in late if status not in (401, 403))
    report.add(f"a key revoked, {manner}: served before", before, before > 0, "> 0")
    report.add("… asked for after the acknowledgement", asked, asked >= wanted, f"≥ {wanted:,}")
    report.add("… served", served, served == 0, "0")
    report.add("… seconds to the acknowledgement, longest", f"{max(waits):.2f}", max(waits) <= 3, "≤ 3")


def asleep(scene, report, path):
    """A machine that stands still while a key is revoked, and goes on afterwards with what was asked of it meanwhile."""
    number, key = make_key(scene, "asleep")
    sleeper = scene.machines[2]
    for _ in range(5):
        scene.direct(sleeper, "GET", path, key)
    process = scene.program_of(sleeper)
    os.kill(process.pid, signal.SIGSTOP)
    answers = []
    waiting = [threading.Thread(target=lambda: answers.append(scene.direct(sleeper, "GET", path, key)[0])) for _ in range(64)]
    for thread in waiting:
        thread.start()
    begun = time.monotonic()
    status, _ = scene.direct(scene.machines[0], "DELETE", f"apikeys/{number}/")
    took = time.monotonic() - begun
    os.kill(process.pid, signal.SIGCONT)
    for thread in waiting:
        thread.join()
    served = sum(1 for status in answers if status == 200)
    report.add("revoked while a machine stands still: seconds to the acknowledgement", f"{took:.1f}", status == 204 and took <= 6.5, "≤ 6")
    report.add("… answers of that machine when it goes on", told([(0, 0, status) for status in answers]), served == 0, "no 200")


def removed(scene, report):
    """The same for a mapping, and for a session after a change of the password."""
    path = scene.fresh_client("removed")
    for machine in scene.machines * 3:
        scene.direct(machine, "GET", path)
    number = next(row["id"] for row in scene.get("mappings/?limit=200")["mappings"] if row["client_id"] == "removed")
    scene.call("DELETE", f"mappings/{number}/")
    answers = [scene.direct(machine, "GET", path)[0] for machine in scene.machines * 20]
    report.add("a mapping removed: answers of all machines", told([(0, 0, status) for status in answers]), set(answers) == {404}, "404")
    scene.set_password()
    body = json.dumps({"password": stage.PASSWORD}).encode()
    headers = {"HTTP_ORIGIN": "http://localhost", "HTTP_X_API_KEY": ""}
    _, signed_in, _ = stage.ask(scene.sites[scene.machines[0]].socket, stage.parameters("POST", "/session/", body, **headers), body)
    cookie = signed_in["set-cookie"].split(";")[0]
    session = lambda machine: scene.direct(machine, "GET", "tokens/", key="", HTTP_COOKIE=cookie)[0]  # noqa: E731
    known = [session(machine) for machine in scene.machines * 3]
    scene.metactl("admin", "set-password", say="another password of ten bytes\n")
    answers = [session(machine) for machine in scene.machines * 20]
    report.add("a session is there on every machine", told([(0, 0, status) for status in known]), set(known) == {200}, "200")
    report.add("… and on none after a change of the password", told([(0, 0, status) for status in answers]), set(answers) == {401}, "401")


# ---- Everything at once


def kills(scene, report, quick):
    """300 kills of programs and servers under mixed load"""
    path = scene.fresh_client("warm-kills")
    scene.get(path)
    writers, warm = load.Writers(scene), load.Hammer(scene.port, load.http("GET", path, scene.key), processes=1, pause=0.01)
    cold_names = [scene.fresh_client(f"cold-kills-{number}") for number in range(20)]
    visits = [load.Hammer(scene.port, load.http("GET", name, scene.key), processes=1, pause=0.5) for name in cold_names[:4]]
    killed, slowest = collections.Counter(), 0.0
    for _ in range(20 if quick else 300):
        victim = random.choice([*scene.machines * 3, scene.primary, scene.standby])
        killed["program" if victim in scene.machines else "primary" if victim is scene.primary else "standby"] += 1
        if victim in scene.machines:
            scene.kill_program(victim)
            time.sleep(random.uniform(0, 0.3))
            scene.start_program_of(victim)
            began = time.monotonic()
            scene.direct(victim, "GET", path)
            slowest = max(slowest, time.monotonic() - began)
        else:
            victim.kill()
            time.sleep(random.uniform(0, 1))
            victim.start()
        time.sleep(random.uniform(0.1, 0.6))
    writers.stop()
    answers = warm.stop()
    for visit in visits:
        visit.stop()
    lost = writers.lost()
    report.add("kills under mixed load", ", ".join(f"{number} {name}" for name, number in killed.items()), None, "")
    report.add("… writes acknowledged", len(writers.acknowledged), bool(writers.acknowledged), "> 0")
    report.add("… of them lost", len(lost), not lost, "0")
    report.add("… refused", told([(0, 0, status) for status, *_ in writers.refused]), None, "")
    report.add("… warm grids", told(answers), None, "")
    report.add("… first answer after a restart, longest, s", f"{slowest:.2f}", slowest <= 1, "≤ 1")
    opened = scene.get("health/")
    report.add("… health afterwards", opened["status"], opened["status"] == "ok", "ok")


ALL = (cold, revoked, copied, gone, failover, kills)
