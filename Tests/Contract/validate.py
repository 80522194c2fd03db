#!/usr/bin/env python3
"""Holds an OpenAPI document against its own rules, and answers of the program against the document.

    validate.py DOCUMENT EXCHANGES

EXCHANGES is a JSON list of {"method", "path", "status", "headers", "body"}, path being the document's. Prints a line
for each thing that is wrong, and nothing when all is well.
"""

import json
import sys

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

HERE = "urn:document"
METHODS = {"get", "post", "patch", "delete", "put"}


class Document:
    def __init__(self, text):
        self.json = json.loads(text)
        self.registry = Registry().with_resource(HERE, Resource(contents=self.json, specification=DRAFT202012))

    def resolved(self, pointer):
        """The value at a pointer such as /paths/~1pages~1/get, and where it really stands."""
        value = self.json
        for part in pointer.split("/")[1:]:
            value = value[part.replace("~1", "/").replace("~0", "~")]
        if "$ref" in value and pointer.count("/") > 1:
            return self.resolved(value["$ref"].removeprefix("#"))
        return value, pointer

    def complaints(self, value, pointer):
        """What a schema has against a value. A header comes as text and is read as what its schema wants."""
        schema = {"$ref": f"{HERE}#{pointer}"}
        validator = Draft202012Validator(schema, registry=self.registry)
        return [f"{'/'.join(map(str, error.path))} {error.message}" for error in validator.iter_errors(value)]


def escaped(part):
    return part.replace("~", "~0").replace("/", "~1")


def examples(document):
    """Every example of the document must be what its schema says."""
    for path, item in document.json["paths"].items():
        for method in METHODS & set(item):
            base = f"/paths/{escaped(path)}/{method}"
            places = [f"{base}/responses/{status}" for status in item[method]["responses"]]
            places += [f"{base}/requestBody"] if "requestBody" in item[method] else []
            for place in places:
                holder, where = document.resolved(place)
                for kind, media in holder.get("content", {}).items():
                    named = [(name, f"{where}/content/{escaped(kind)}/examples/{escaped(name)}") for name in media.get("examples", {})]
                    for name, pointer in named:
                        example, _ = document.resolved(pointer)
                        for complaint in document.complaints(example["value"], f"{where}/content/{escaped(kind)}/schema"):
                            yield f"example {name} of {method} {path}: {complaint}"


def exchange(document, one):
    name = f"{one['method']} {one['path']} {one['status']}"
    responses = document.json["paths"][one["path"]][one["method"].lower()]["responses"]
    if str(one["status"]) not in responses:
        yield f"{name}: undocumented status; {one['body']}"
        return
    response, where = document.resolved(f"/paths/{escaped(one['path'])}/{one['method'].lower()}/responses/{one['status']}")
    if ("content" in response) != (one["body"] is not None):
        yield f"{name}: a body where none is documented, or none where one is"
    elif "content" in response:
        kind = escaped(next(iter(response["content"])))
        for complaint in document.complaints(one["body"], f"{where}/content/{kind}/schema"):
            yield f"{name}: {complaint}"
    sent = {header.lower(): value for header, value in one["headers"]}
    for header in response.get("headers", {}):
        described, place = document.resolved(f"{where}/headers/{escaped(header)}")
        if header.lower() not in sent:
            if described.get("required"):
                yield f"{name}: no header {header}"
            continue
        value = sent[header.lower()]
        if described["schema"].get("type") == "integer" and value.isdigit():
            value = int(value)
        for complaint in document.complaints(value, f"{place}/schema"):
            yield f"{name}: header {header}: {complaint}"
    undocumented = set(sent) - {header.lower() for header in response.get("headers", {})} - {"content-type"}
    # What tells a reader nothing about a body that is not there.
    if "content" not in response:
        undocumented -= {"cache-control"}
    for header in sorted(undocumented):
        yield f"{name}: undocumented header {header}"


def main():
    document = Document(open(sys.argv[1], encoding="utf-8").read())
    for error in OpenAPIV31SpecValidator(document.json).iter_errors():
        print(f"document: {error.message}")
    for complaint in examples(document):
        print(complaint)
    for one in json.load(open(sys.argv[2], encoding="utf-8")):
        for complaint in exchange(document, one):
            print(complaint)


if __name__ == "__main__":
    main()
