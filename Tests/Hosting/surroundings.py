"""What hosts leave out around a program: a home, /proc, threads. Run as root, by Tests/Hosting/run --all."""

import os
import shutil
import subprocess

from stage import Failed

# No process of this machine runs as it: its limit of processes is reached with the first thread.
NOBODY_ELSE = 64999
CGI = {
    "REQUEST_METHOD": "GET", "SCRIPT_NAME": "/api/meta", "PATH_INFO": "/health/", "REQUEST_URI": "/api/meta/health/",
    "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost", "SERVER_PROTOCOL": "HTTP/1.1",
}  # fmt: skip
NO_PROC = "mount -t tmpfs none /proc && "
NO_THREADS = "ulimit -u 1 && "


class Surroundings:
    """Programs with meta.conf beside them and a data directory, owned by an account without a home."""

    def __init__(self, folder, material):
        self.programs, data = folder / "programs", folder / "data"
        shutil.copytree(material / "programs", self.programs)
        shutil.copytree(material / "data", data)
        (self.programs / "meta.conf").write_text(f"META_DATA_DIR={data}\n")
        for path in (data, *data.rglob("*"), self.programs / "meta.conf"):
            os.chown(path, NOBODY_ELSE, NOBODY_ELSE)
        data.chmod(0o700)
        for path in (folder, folder.parent):
            path.chmod(0o755)

    def run(self, root_first, first, *words, environment=None):
        """What a program says, after commands of root's and of its account."""
        account = f"setpriv --reuid={NOBODY_ELSE} --regid={NOBODY_ELSE} --clear-groups"
        script = f'{root_first} exec {account} bash -c \'{first} exec "$@"\' _ "$@"'
        program = self.programs / words[0]
        done = subprocess.run(
            ["unshare", "-m", "bash", "-c", script, "_", program, *words[1:]], capture_output=True, text=True, timeout=60,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"} | (environment or {}))
        return done.returncode, done.stdout, done.stderr

    def troubles(self):
        for name, missing in {"without HOME": ("", ""), "without /proc": (NO_PROC, ""), "without threads": ("", NO_THREADS)}.items():
            status, answer, log = self.run(*missing, "meta.fcgi", environment=CGI)
            if status or not answer.startswith("Status: 200"):
                yield f"    a CGI request {name} ended with {status}: {answer}{log}"
            for words in (["token", "list"], ["status"], ["refresh"], ["cache", "stats"], ["request", "GET", "/pages/"], ["config"]):
                status, answer, log = self.run(*missing, "metactl", *words)
                if status not in (0, 1, 2) or not (answer or log).strip():
                    yield f"    metactl {' '.join(words)} {name} ended with {status} and said {answer + log!r}"
                if "There is no database" in log or "META_DATA_DIR is not set" in log:
                    yield f"    metactl {' '.join(words)} {name} did not find meta.conf beside itself"
        status, _, log = self.run("", NO_THREADS, "meta.fcgi", "--listen", f"unix:{self.programs.parent}/data/socket")
        if status != 1 or "no worker could start" not in log:
            yield f"    meta.fcgi --listen without threads ended with {status}: {log}"


def check(folder, material):
    try:
        return list(Surroundings(folder, material).troubles())
    except (subprocess.TimeoutExpired, OSError) as problem:
        raise Failed(str(problem)) from problem
