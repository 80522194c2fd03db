"""Network namespaces as machines: each with an address of its own on a switch, and nothing left of them when this ends."""

import ctypes
import os
import pathlib
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import stage  # noqa: E402

NGINX = "10.0.0.10"
def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, env={"PATH": stage.PATH})
    if done.returncode:
        raise stage.Failed(f"{' '.join(map(str, words))} ended with status {done.returncode}: {done.stderr.strip()}")


def is_own_network():
    return os.environ.get("META_CLUSTER_NETWORK") == str(os.getpid())


def enter_own_network(programs):
    """Runs this program once more, in a network of its own."""
    if os.geteuid() != 0:
        raise stage.Failed("network namespaces take root")
    os.environ |= {"META_CLUSTER_NETWORK": str(os.getpid()), "META_CLUSTER_PROGRAMS": programs}  # unshare becomes what it runs.
    os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])


def make_switch():
    """What all machines hang on; nginx and Meta are here."""
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "switch", "type", "bridge")
    run("ip", "address", "add", f"{NGINX}/24", "dev", "switch")
    run("ip", "link", "set", "switch", "up")


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Machine:
    """A namespace, kept by a process that does nothing. What runs in it is started through `command`."""

    def __init__(self, name, number, graph_port):
        self.name, self.address = name, f"10.0.0.{number}"
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"], preexec_fn=die_with_parent)
        stage.wait_until(self.has_network, f"{name} has no network")
        run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", self.holder.pid)
        run("ip", "link", "set", name, "master", "switch", "up")
        for words in (
            "ip link set lo up", f"ip address add {self.address}/24 dev eth0", "ip link set eth0 up",
            # Meta is asked without TLS on the machine itself only. There it is, as far as the program can see.
            "sysctl -q -w net.ipv4.conf.all.route_localnet=1",
            f"iptables -t nat -A OUTPUT -d 127.0.0.1 -p tcp --dport {graph_port} -j DNAT --to-destination {NGINX}:{graph_port}",
            f"iptables -t nat -A POSTROUTING -p tcp --dport {graph_port} -j MASQUERADE",
        ):
            run(*self.command(*words.split()))

    def has_network(self):
        return os.readlink(f"/proc/{self.holder.pid}/ns/net") != os.readlink("/proc/self/ns/net")

    def command(self, *words):
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "--", *words]

    def cut(self):
        """From now on every packet is lost, and nobody is told."""
        self.packets("-I")

    def mend(self):
        self.packets("-D")

    def packets(self, change):
        for chain, direction in (("INPUT", "-i"), ("OUTPUT", "-o")):
            run(*self.command("iptables", change, chain, direction, "eth0", "-j", "DROP"))

    def remove(self):
        self.holder.kill()
        self.holder.wait()
