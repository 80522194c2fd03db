"""The requests that every web server is sent, and what of an answer has to be the same behind each."""

import dataclasses
import gzip
import http.client
import json
import re
import urllib.parse

CLIENT = "client_001"
# Every character that servers like to decode twice, or not at all.
STRANGE_CLIENT = "a b%62?#+&é.x"

OVERRIDE = "X-HTTP-Method-Override"
JSON_TYPE = {"Content-Type": "application/json"}


@dataclasses.dataclass(frozen=True)
class Request:
    method: str
    path: str  # Below the mount point, as it goes over the wire.
    status: int
    headers: dict = dataclasses.field(default_factory=dict)
    body: bytes = b""
    # The server in front may refuse it itself, in its own words: 400 or 404, a file 403 too, a large body 413.
    own_words: bool = False
    # In chunks, without a length: a CGI program is not told when such a body is whole, and may ask for a length.
    chunked: bool = False
    # Not below the API's mount point but beside it: a file of the page.
    page: bool = False
    # With scheme and host in the request line, as proxies ask.
    absolute: bool = False
    protocol: str = "HTTP/1.1"

    def __str__(self):
        kinds = " ".join(kind for kind in ("chunked", "absolute") if getattr(self, kind))
        return f"{self.method} {self.path[:60]} {kinds}".rstrip()


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    headers: dict
    body: bytes

    def comparable(self):
        """What a client of the API relies on. Seconds that pass between two servers are no difference."""
        kept = {
            name: self.headers.get(name)
            for name in (
                "content-type", "allow", "cache-control", "etag", "retry-after", "www-authenticate",
                "x-cache", "x-content-type-options", "location",
                "access-control-allow-origin",
            )
        }  # fmt: skip
        if kept["etag"]:
            # What a server that compresses makes of it; the program knows it again.
            kept["etag"] = re.sub(r'^W/|-gzip(?="$)', "", kept["etag"])
        if kept["cache-control"]:
            kept["cache-control"] = re.sub(r"max-age=\d+", "max-age=N", kept["cache-control"])
        kept["age"] = "age" in self.headers
        return self.status, kept, re.sub(rb'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"', b'"now"', self.body)


    def headers_of_page(self):
        """What a browser must be told with the page, and by no server otherwise."""
        kept = {name: self.headers.get(name) for name in (
            "content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy",
            "cross-origin-opener-policy", "cross-origin-resource-policy", "permissions-policy", "cache-control",
            "access-control-allow-origin",
        )}  # fmt: skip
        kind = re.sub(r";.*", "", self.headers.get("content-type", ""))
        # Both names are a script's.
        return kept | {"content-type": kind.replace("application/javascript", "text/javascript")}


def as_json(**fields):
    return json.dumps(fields).encode()


def quoted(text):
    return urllib.parse.quote(text, safe="")


def conversation(page, token_id, token, post_id):
    """The customer's workflow, then everything that servers treat differently. In order: later ones build on it."""
    sync = {"fb_page_id": page, "ig_account_id": None, "token_id": token_id}
    verify = {"access_token": token, "account_label": "My Facebook Account"}
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    for path in ("/", "/index.html", "/admin.js", "/admin.css", "/favicon.svg", "/embed.js"):
        yield Request("GET", path, 200, page=True)
    for path in ("/.htaccess", "/nothing.html"):
        yield Request("GET", path, 404, page=True, own_words=True)

    yield Request("GET", "/health/", 200)
    yield Request("GET", "/pages/", 200)
    yield Request("GET", "/pages", 200)
    yield Request("POST", "/verify-user/", 200, JSON_TYPE, as_json(**verify))
    yield Request("POST", "/verify-user", 200, form, urllib.parse.urlencode(verify).encode())
    yield Request("POST", "/sync/", 200, JSON_TYPE, as_json(client_id=CLIENT, **sync))
    yield Request("POST", "/sync", 200, JSON_TYPE, as_json(client_id=CLIENT, **sync))
    yield Request("POST", "/sync/", 200, JSON_TYPE, as_json(client_id=STRANGE_CLIENT, **sync))
    yield Request("GET", f"/instagram/{CLIENT}/", 200)
    yield Request("GET", f"/instagram/{CLIENT}", 200)
    yield Request("GET", f"/instagram/{CLIENT}/?fb_page_id={page}", 200)
    yield Request("GET", f"/instagram/{CLIENT}/?fb_page_id=1", 404)
    yield Request("HEAD", f"/instagram/{CLIENT}/", 200)
    yield Request("GET", f"/instagram/{quoted(STRANGE_CLIENT)}/", 200)
    yield Request("GET", f"/instagram/{quoted(quoted(STRANGE_CLIENT))}/", 404)
    yield Request("GET", "/instagram/nobody/", 404)
    yield Request("GET", f"/post/{post_id}/", 200)
    yield Request("GET", f"/post/{post_id}", 200)
    yield Request("GET", "/post/1/", 404)

    yield Request("HEAD", "/pages/", 200)
    yield Request("OPTIONS", "/sync/", 204)
    yield Request("PUT", "/pages/", 405, JSON_TYPE, b"{}")
    yield Request("DELETE", "/sync/", 405)
    yield Request("PATCH", "/instagram/x/", 405, JSON_TYPE, b"{}")
    for method in ("PATCH", "DELETE"):
        yield Request("POST", "/tokens/999/", 404, JSON_TYPE | {OVERRIDE: method}, as_json(account_label="x"))
        yield Request("POST", "/pages/", 405, {OVERRIDE: method})
        yield Request("GET", "/pages/", 400, {OVERRIDE: method})
    yield Request("POST", "/sync/", 400, JSON_TYPE | {OVERRIDE: "GET"}, b"{}")
    yield Request("GET", f"/instagram/{CLIENT}/", 304, {"If-None-Match": "*"})
    for encoding in ("identity", "gzip"):
        grid = yield Request("GET", f"/instagram/{CLIENT}/", 200, {"Accept-Encoding": encoding})
        same = {"Accept-Encoding": encoding, "If-None-Match": grid.headers.get("etag", "none")}
        yield Request("GET", f"/instagram/{CLIENT}/", 304, same)
    yield Request("GET", f"/instagram/{CLIENT}/", 200, {"If-None-Match": '"another-gzip"'})

    for path in ("/feed/fd_0123456789abcdefghijkl/", "/feed/fd_0123456789abcdefghijkl/embed"):
        yield Request("GET", path, 404, {"Origin": "https://site.example"})
        yield Request("OPTIONS", path, 404 if path.endswith("/") else 204, {"Origin": "https://site.example"})
    yield Request("GET", "", 404, own_words=True)
    yield Request("GET", "/", 404)
    yield Request("GET", "/nothing/", 404)
    yield Request("GET", "/pages/more/", 404)
    yield Request("GET", "/Pages/", 404)
    for path in ("/pages//", "//pages/", "/pages/./", "/./pages/", "/pages/%2e/", "/pages/%2E%2e/pages/",
                 "/x/../pages/", "/pages%2f", "/pages/%00/", "/pages/%zz/", "/pages/%0a", "/%2570ages/"):  # fmt: skip
        yield Request("GET", path, 404, own_words=True)
    yield Request("GET", "/instagram/%ff/", 400, own_words=True)

    yield Request("POST", "/sync/", 400, JSON_TYPE)
    yield Request("POST", "/sync/", 400, JSON_TYPE, b"{}")
    yield Request("POST", "/sync/", 400, JSON_TYPE, b'{"client_id": ')
    yield Request("POST", "/sync/", 415, {"Content-Type": "text/plain"}, b"client_id")
    yield Request("POST", "/sync/", 400, JSON_TYPE, b" " * 65536)
    yield Request("POST", "/sync/", 413, JSON_TYPE, b" " * 65537)
    yield Request("POST", "/sync/", 413, JSON_TYPE, b"x" * 120_000)
    yield Request("POST", "/sync/", 413, JSON_TYPE, b"x" * 200_000, own_words=True)
    yield Request("POST", "/verify-user/", 200, JSON_TYPE, as_json(**verify), chunked=True)
    yield Request("POST", "/verify-user/", 200, JSON_TYPE, as_json(**verify) + b" " * 30_000, chunked=True)
    yield Request("POST", "/sync/", 413, JSON_TYPE, b"x" * 120_000, chunked=True)

    yield Request("GET", "/health/", 200, absolute=True)
    yield Request("GET", f"/instagram/{CLIENT}/?fb_page_id={page}", 200, absolute=True)
    yield Request("POST", "/verify-user/", 200, JSON_TYPE, as_json(**verify), absolute=True)
    yield Request("GET", "/nothing/", 404, absolute=True)
    yield Request("GET", "/pages//", 404, absolute=True, own_words=True)
    yield Request("GET", "/pages/", 403, protocol="HTTP/1.0")

    yield Request("GET", "/pages/", 200, {"Proxy": "http://127.0.0.1:1/"})
    yield Request("GET", "/pages/", 200, {"X-Request-Id": "Some-Id_1.2"})
    yield Request("GET", "/pages/", 200, {"X-Request-Id": "not an id"})
    yield Request("GET", "/pages/", 403, {"X-Forwarded-For": "192.0.2.1"})
    yield Request("GET", "/pages/", 403, {"Host": "evil.example"})
    yield Request("GET", "/pages/", 403, {"Referer": "https://evil.example/"})
    yield Request("POST", "/sync", 403, {**JSON_TYPE, "Origin": "https://evil.example"}, b"{}")


def with_credentials(key):
    """From the first API key on, each request needs one; Apache is known for keeping Authorization to itself."""
    yield Request("GET", "/pages/", 401)
    yield Request("GET", "/pages/", 200, {"X-API-Key": key})
    yield Request("GET", "/pages/", 200, {"Authorization": f"Bearer {key}"})
    yield Request("GET", "/pages/", 401, {"Authorization": f"Bearer {key}x"})
    yield Request("GET", "/pages/", 200, {"X-API-Key": key, "Authorization": "Basic dXNlcjpwYXNz"})
    yield Request("DELETE", "/session/", 403, {"X-API-Key": key, "Sec-Fetch-Site": "cross-site"})
    yield Request("GET", "/session/", 401, {"X-API-Key": f"{key}x"})


def send(port, mount, request):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection._http_vsn_str = request.protocol
    try:
        target = (re.sub("/(api/meta|meta.fcgi)$", "", mount) if request.page else mount) + request.path
        if request.absolute:
            target = f"http://localhost:{port}{target}"
        connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": f"localhost:{port}", **request.headers}.items():
            connection.putheader(name, value)
        if request.chunked:
            connection.putheader("Transfer-Encoding", "chunked")
        elif request.body or request.method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(request.body)))
        try:
            connection.endheaders(in_chunks(request.body) if request.chunked else request.body or None)
        except (BrokenPipeError, ConnectionResetError):
            pass  # Refused before the body was read to its end; the answer is there all the same.
        response = connection.getresponse()
        headers = {}
        for name, value in response.getheaders():
            name = name.lower()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        body = response.read()
        if headers.get("content-encoding") == "gzip" and body:
            body = gzip.decompress(body)
        return Answer(response.status, headers, body)
    finally:
        connection.close()


def in_chunks(body):
    pieces = [body[start : start + 8000] for start in range(0, len(body), 8000)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def difference(request, answer, reference, is_cgi=False):
    """What is wrong with an answer, in a sentence; None where nothing is."""
    if request.own_words:
        allowed = {413: (413,), 404: (403, 404) if request.page else (400, 404)}.get(request.status, (400, 404))
        if answer.status not in allowed:
            return f"answered {answer.status} instead of {allowed}: {answer.body[:200]!r}"
        return None
    if is_cgi and request.chunked and answer.status == 411 and b"must be sent with a Content-Length" in answer.body:
        return None
    if answer.status != request.status:
        return f"answered {answer.status} instead of {request.status}: {answer.body[:200]!r}"
    if request.page:
        here, there = answer.headers_of_page(), reference.headers_of_page()
        return None if here == there and answer.body == reference.body else f"is {here!r}\n      and behind nginx {there!r}"
    ours = re.fullmatch(r"[A-Za-z0-9._-]{1,64}", answer.headers.get("x-request-id", ""))
    if not ours:
        return f"has no X-Request-Id: {answer.headers}"
    sent = request.headers.get("X-Request-Id")
    if sent and (answer.headers["x-request-id"] == sent) != (" " not in sent):
        return f"answered X-Request-Id {answer.headers['x-request-id']} to {sent!r}"
    for here, there in zip(answer.comparable(), reference.comparable(), strict=True):
        if here != there:
            return f"is {here!r}\n      and behind nginx {there!r}"[:2000]
    return None
