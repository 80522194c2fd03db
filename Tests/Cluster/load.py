"""Who asks: processes of their own, so that the measured ones do not wait for each other."""

import array
import multiprocessing
import socket
import threading
import time

import machines
import stage


def http(method, path, key, body=b""):
    lines = [f"{method} /api/meta/{path} HTTP/1.1", "Host: localhost"]
    lines += [f"X-API-Key: {key}"] if key else []
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Connection:
    """HTTP on a connection that is kept, at what a request costs at least."""

    def __init__(self, port, timeout=60):
        self.port, self.timeout, self.socket = port, timeout, None

    def ask(self, request):
        """Status (0: no answer) and content."""
        try:
            if not self.socket:
                self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=self.timeout)
            self.socket.sendall(request)
            return self.read()
        except (OSError, ValueError):
            self.close()
            return 0, b""

    def read(self):
        answer = b""
        while b"\r\n\r\n" not in answer:
            part = self.socket.recv(65536)
            if not part:
                raise ValueError("closed")
            answer += part
        head, _, content = answer.partition(b"\r\n\r\n")
        status, lowered = int(head[9:12]), head.lower()
        if b"\r\ncontent-length:" in lowered:
            length = int(lowered.split(b"\r\ncontent-length:")[1].split(b"\r\n")[0])
            while len(content) < length:
                part = self.socket.recv(65536)
                if not part:
                    raise ValueError("closed")
                content += part
        elif status != 204:
            while not content.endswith(b"0\r\n\r\n"):
                part = self.socket.recv(65536)
                if not part:
                    raise ValueError("closed")
                content += part
        if b"\r\nconnection: close" in lowered:
            self.close()
        return status, content

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None


class Hammer:
    """Processes that ask the same again and again; afterwards every answer's begin, end and status."""

    def __init__(self, port, request, processes=2, pause=0.0, keep=True):
        self.stopping = multiprocessing.Event()
        self.pipes = []
        for _ in range(processes):
            receiver, sender = multiprocessing.Pipe(False)
            one = multiprocessing.Process(target=self.work, args=(port, request, pause, keep, sender), daemon=True)
            one.start()
            self.pipes.append((receiver, one))

    def work(self, port, request, pause, keep, sender):
        machines.die_with_parent()
        connection, begins, ends, statuses = Connection(port), array.array("d"), array.array("d"), array.array("h")
        while not self.stopping.is_set():
            # monotonic() counts alike in every process of a machine.
            begins.append(time.monotonic())
            statuses.append(connection.ask(request)[0])
            ends.append(time.monotonic())
            if not keep:
                connection.close()
            if pause:
                time.sleep(pause)
        sender.send((begins, ends, statuses))

    def stop(self):
        """[(begin, end, status)], in no order."""
        self.stopping.set()
        answers = []
        for receiver, one in self.pipes:
            answers += zip(*receiver.recv())
            one.join()
        return answers


def at_once(number, ask):
    """What `ask(number)` returns, all begun at the same moment."""
    barrier, answers = threading.Barrier(number), [None] * number

    def one(place):
        barrier.wait()
        answers[place] = ask(place)

    threads = [threading.Thread(target=one, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


class Writers:
    """Threads that store mappings, each under a name of its own, and remember what was acknowledged and when."""

    def __init__(self, scene, number=4, pause=0.02):
        self.scene, self.pause = scene, pause
        self.acknowledged, self.refused, self.stopping = [], [], threading.Event()
        self.pages = scene.pages[:number]
        self.threads = [threading.Thread(target=self.work, args=(place,)) for place in range(number)]
        for thread in self.threads:
            thread.start()

    def work(self, place):
        page, connection, number = self.pages[place], Connection(self.scene.port), 0
        serial = f"{int(time.time() * 1000) % 10**9}-{place}"
        while not self.stopping.is_set():
            number += 1
            name = f"written-{serial}-{number}"
            body = f'{{"client_id":"{name}","fb_page_id":"{page["fb_page_id"]}","token_id":{page["token_id"]}}}'.encode()
            began = time.monotonic()
            status, content = connection.ask(http("POST", "sync/", self.scene.key, body))
            ended = time.monotonic()
            if status in (200, 201):
                self.acknowledged.append((name, began, ended))
            else:
                self.refused.append((status, began, ended, content[:120]))
            time.sleep(self.pause)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def lost(self):
        """What was acknowledged and is not there: mappings that the database does not have."""
        there = set(self.scene.primary.sql("SELECT client_id FROM client_page_mapping WHERE client_id LIKE 'written-%'").splitlines())
        return [name for name, *_ in self.acknowledged if name not in there]
