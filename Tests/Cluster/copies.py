"""An installation moves from SQLite to PostgreSQL and back, and is killed on the way."""

import json
import random
import sqlite3
import subprocess
import time


def copied(scene, report, quick):
    """an installation of 10,000 tokens and mappings moves to PostgreSQL and back; killed half-way"""
    rows = 1_000 if quick else 10_000
    folder = source(scene, rows)
    there = scene.database_url("copied")
    began = time.monotonic()
    scene.metactl("store", "copy", "--to", there, **on_sqlite(folder))
    report.add(f"{rows:,} tokens and mappings to PostgreSQL, s", f"{time.monotonic() - began:.1f}", None, "")
    on_postgresql = {"META_DATABASE_URL": there}
    added = json.loads(scene.metactl("token", "add", "--label", "next", "--json", say=scene.world["tokens"][1]["token"], **on_postgresql))
    report.add("… the next id there", added["id"], added["id"] == rows + 1, f"{rows + 1}")
    scene.metactl("token", "remove", str(added["id"]), "--force", **on_postgresql)
    unread = sum(1 for row in tokens(scene, on_postgresql) if row["status_reason"] == "key_missing")
    report.add("… tokens there that no key opens", unread, unread == 0, "0")
    back = scene.folder / "back"
    back.mkdir(mode=0o700)
    scene.metactl("store", "copy", "--to", f"sqlite:{back}", **on_postgresql)
    different = differences(folder / "meta.sqlite3", back / "meta.sqlite3")
    report.add("… back: tables that differ", ", ".join(different) or "none", not different, "none")
    killed_copies(scene, report, 3 if quick else 10, rows)


def on_sqlite(folder):
    return {"META_DATABASE_URL": "", "META_DATA_DIR": str(folder)}


def tokens(scene, settings):
    page, rows = "/tokens/?limit=200", []
    while page:
        answer = json.loads(scene.metactl("request", "GET", page, **settings))
        rows += answer["tokens"]
        page = answer.get("next") and f"/tokens/?limit=200&after={rows[-1]['id']}"
    return rows


def source(scene, rows, name="source"):
    """An installation on SQLite with so many tokens and mappings; what is sealed in them is real."""
    folder = scene.folder / name
    folder.mkdir(mode=0o700)
    scene.metactl("token", "add", "--label", "torture", say=scene.world["tokens"][0]["token"], **on_sqlite(folder))
    page = scene.pages[0]
    body = json.dumps({"client_id": "copied", "fb_page_id": page["fb_page_id"], "token_id": 1})
    scene.metactl("request", "POST", "/sync/", "-d", body, **on_sqlite(folder))
    with sqlite3.connect(folder / "meta.sqlite3") as database:
        for table, own in (("meta_access_token", {"user_id": "'user' || value"}), ("client_page_mapping", {"client_id": "'client' || value", "revision": "1000000 + value"})):
            names = [row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[1] != "id"]
            values = ", ".join(own.get(name, name) for name in names)
            database.execute(
                f"""WITH RECURSIVE counted(value) AS (SELECT 2 UNION ALL SELECT value + 1 FROM counted WHERE value < {rows})
                INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM {table}, counted WHERE id = 1""")
    database.close()
    return folder


def contents(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
        found = {table: sorted(map(repr, database.execute(f"SELECT * FROM {table}"))) for table in tables}
    database.close()
    return found


# These say where the data are and who came by, and are not carried along.
OWN_TABLES = {"setting", "event", "notice", "sign_in_failure"}


def differences(one, other):
    first, second = contents(one), contents(other)
    return [table for table in sorted((first.keys() | second.keys()) - OWN_TABLES) if first.get(table) != second.get(table)]


def killed_copies(scene, report, kills, rows):
    folder = source(scene, rows, "killed-source")
    before = contents(folder / "meta.sqlite3")
    there = scene.database_url("killed")
    changed, unusable, finished = 0, 0, 0
    command = list(map(str, scene.machines[0].command(scene.programs / "metactl", "store", "copy", "--to", there)))
    for _ in range(kills):
        process = subprocess.Popen(command, env=scene.environment | on_sqlite(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0.02, 0.9))
        finished += process.poll() is not None
        process.kill()
        process.wait()
        if finished:
            break
        changed += contents(folder / "meta.sqlite3") != before
        listed = json.loads(scene.metactl("request", "GET", "/tokens/?limit=1", **on_sqlite(folder)))
        unusable += not listed.get("tokens")
    report.add(f"copy killed half-way, {kills} times: source changed", changed, changed == 0, "0")
    report.add("… source not usable", unusable, unusable == 0, "0")
    if not finished:
        scene.metactl("store", "copy", "--to", there, **on_sqlite(folder))
    count = scene.primary.sql("SELECT count(*) FROM meta_access_token", "killed")
    report.add("… and copied afterwards, into the same database", count, count == str(rows), f"{rows}")

