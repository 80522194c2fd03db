"""A server's folder, in which it is set up by following its guide, and what is started there."""

import os
import pathlib
import re
import shutil
import socket
import subprocess

import stage
from stage import Failed

HERE = pathlib.Path(__file__).resolve().parent


class Unavailable(Exception):
    """The server is not installed: it is skipped, with this reason."""


def program(*names, root=None):
    for name in names:
        if root and any(os.path.exists(f"{root}/{folder}/{name}") for folder in ("usr/sbin", "usr/bin")):
            return name
        if not root and (found := shutil.which(name, path=stage.PATH)):
            return found
    raise Unavailable(f"{names[0]} is not installed")


class Place(stage.Stage):
    """One server's folder: the program with its settings, the data, the site; and the processes started in it."""

    def __init__(self, folder, material, settings, root=None):
        folder.mkdir()
        super().__init__(material / "programs", folder)
        self.material = material  # Copies of the project's files, readable for the account that the tests run as.
        self.settings = f"META_DATA_DIR={folder}/data\n{settings}"
        # A server's environment tells the program nothing.
        self.environment = {"PATH": stage.PATH, "HOME": str(folder), "LANG": "C.UTF-8"}
        self.root = root  # Another Debian's tree, in which everything is started,
        self.shown = []  # and the folders of this machine that are there too.
        self.listener = None  # The socket on the program's descriptor 0, where somebody else than the server holds it.
        self.site = None  # The folder of an account on a shared host,
        self.account = ()  # and what makes a command its own.

    def prepare(self):
        if self.root:
            self.show(self.material)
        shutil.copytree(self.material / "data", self.folder / "data", copy_function=shutil.copy)
        os.chmod(self.folder / "data", 0o700)
        shutil.copytree(self.material / "www", self.folder / "www")
        self.program = self.install_program(self.folder / "bin")

    def show(self, folder):
        """Makes a folder of this machine appear in the other tree, under the same name."""
        there = pathlib.Path(f"{self.root}{folder}")
        there.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "--bind", folder, there], check=True)
        self.shown.append(there)

    def close(self):
        super().close()
        for there in self.shown:
            subprocess.run(["umount", "--lazy", there], check=True)
            there.rmdir()
        if self.listener:
            self.listener.close()
        if self.account:
            shutil.rmtree(self.site.parent, ignore_errors=True)

    def install_program(self, folder):
        """meta.fcgi with meta.conf beside it: the only way to set anything where a server starts the program."""
        folder.mkdir(exist_ok=True)
        programs = self.material / "programs"
        for file in (*programs.iterdir(), *programs.glob("lib/*")):
            if file.name == "meta.fcgi" or ".so" in file.suffixes:
                place = folder / file.relative_to(programs)
                place.parent.mkdir(exist_ok=True)
                try:
                    os.link(file, place)
                except OSError:  # On another file system.
                    shutil.copy(file, place)
        (folder / "meta.conf").write_text(self.settings)
        os.chmod(folder / "meta.conf", 0o600)
        return folder / "meta.fcgi"

    def configure(self, template, to=None, **more):
        """A configuration of this folder, with the @NAMES@ in it filled in."""
        values = {"DIR": self.folder, "PORT": self.port, **more}
        text = re.sub(r"@([A-Z]+)@", lambda match: str(values[match[1]]), (HERE / template).read_text())
        path = self.folder / (to or template)
        path.write_text(text)
        return path

    def follow(self, name, *more):
        """Does what the first lines of a file in nginx/hosts tell a reader to do, with this folder in the place of /.

        Paths and ports of the machine are replaced by those of this place, and nothing else: in the files, `more` among
        them, and in the lines.
        """
        guide = self.folder / "hosts"
        guide.mkdir()
        for file in (name, *more):
            copied = guide / file
            copied.write_text(self.translated((self.material / "nginx/hosts" / file).read_text()))
            copied.chmod((self.material / "nginx/hosts" / file).stat().st_mode)
        for path in ("etc/meta-module", "run", "log"):
            (self.folder / path).mkdir(parents=True, exist_ok=True)
        shutil.copy(self.folder / "bin/meta.conf", self.folder / "etc/meta-module/meta.conf")
        lines = re.findall(r"^#     (\S.*)", (guide / name).read_text(), re.MULTILINE)
        # What is not asked of an account without rights.
        script = "set -eu; systemctl() { :; }; usermod() { :; }\n" + "\n".join(lines)
        done = subprocess.run(
            ["sh", "-c", script], cwd=guide, capture_output=True, text=True,
            env=self.environment | {"APACHE_CONFDIR": f"{self.folder}/etc/apache2", "APACHE_STATE_DIRECTORY": f"{self.folder}/log"})
        if done.returncode or done.stderr.strip():
            raise Failed(f"the first lines of nginx/hosts/{name} cannot be followed: {done.stdout}{done.stderr}")

    def translated(self, text):
        for machine, here in {
            "/run/meta-module/fcgi.sock": self.socket, "/run/fcgiwrap.socket": self.socket,
            "/usr/local/share/meta-module/www": self.folder / "www",
            "/usr/local/libexec/meta-module": self.folder / "bin", "/var/lib/meta-module": self.folder / "data",
            "/etc/": f"{self.folder}/etc/", "/var/log/": f"{self.folder}/log/", "/var/cache/lighttpd": self.folder,
            "-o www-data -g www-data ": "",
        }.items():  # fmt: skip
            text = text.replace(machine, str(here))
        return text

    def change(self, path, changes):
        """Replaces what is otherwise on a machine of one's own: ports, users. Each is to be found."""
        path = self.folder / path
        text = path.read_text()
        for old, new in changes.items():
            text, times = re.subn(old, str(new), text, flags=re.MULTILINE)
            if not times:
                raise Failed(f"{path} has no {old}")
        path.write_text(text)
        return path

    def start(self, name, *command, **more):
        return super().start(name, *(("chroot", self.root) if self.root else ()), *command, **more)

    def start_server(self, *command):
        self.start("server", *command, ready=self.port)

    def start_program(self):
        """The usual case: the socket is there, as systemd makes it, and the program has it as its descriptor 0."""
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.socket))
        self.listener.listen(512)
        self.start("program", self.program, stdin=self.listener)

    def restart_program(self):
        """What systemd does when the program has ended, as it does by itself after an upgrade."""
        try:
            self.running["program"].wait(60)
        except subprocess.TimeoutExpired as late:
            raise Failed("the old program did not leave after an upgrade") from late
        self.start("program", self.program, stdin=self.listener)

    def logs(self):
        lines = []
        for log in (*self.folder.glob("*.log"), *self.folder.glob("log/**/*.log")):
            lines += log.read_text(errors="replace").splitlines()[-5:]
        return "\n".join(f"      | {line[:300]}" for line in lines)
