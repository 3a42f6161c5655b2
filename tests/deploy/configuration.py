"""Read the Terraform files: their blocks, and the names of resources once `for_each` and variables are filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import hcl2

FOLDER = Path(__file__).parents[2] / "deploy" / "terraform"
OPTIONS = hcl2.SerializationOptions(with_comments=False, explicit_blocks=False, strip_string_quotes=True)
GIVEN = {"project": "PROJECT", "dataset_prefix": "pbm", "region": "us-central1", "environment": "dev"}
META_ARGUMENTS = ("for_each", "count", "depends_on", "provider", "lifecycle")


@dataclass(frozen=True)
class Resource:
    """A resource block."""

    kind: str
    name: str
    body: Mapping


class Configuration:
    """The blocks of a folder's files; `changes` gives some files another text."""

    def __init__(self, changes: Mapping[str, str] | None = None):
        texts = {path.name: path.read_text() for path in sorted(FOLDER.glob("*.[tj]*"))} | dict(changes or {})
        self.texts = texts
        self.files = {name: _parse(text) for name, text in texts.items() if name.endswith(".tf")}
        self.locals = {key: value for block in self.blocks("locals") for key, value in block.items()}
        self.variables = {name: body for block in self.blocks("variable") for name, body in block.items()}

    def blocks(self, kind: str) -> Iterator[dict]:
        """Yield every block of a kind, e.g. `locals`."""
        for file in self.files.values():
            yield from file.get(kind, [])

    def resources(self, kind: str | None = None, block: str = "resource") -> list[Resource]:
        """Return the resources, or those of one kind."""
        return [
            Resource(found, name, body)
            for part in self.blocks(block)
            for found, named in part.items()
            for name, body in named.items()
            if kind in (None, found)
        ]

    def names(self, kind: str, argument: str) -> set[str]:
        """Return the value of an argument of every resource of a kind, one for each element of its `for_each`."""
        return {
            self.fill(resource.body[argument], key)
            for resource in self.resources(kind)
            for key in self.keys(resource.body.get("for_each", ""))
        }

    def keys(self, for_each) -> list[str]:
        """Return the keys that a `for_each` of constants has; one empty key where there is none."""
        if isinstance(for_each, dict | list):
            return list(for_each)
        if found := re.fullmatch(r"\$\{local\.(\w+)\}", for_each):
            return self.keys(self.locals[found[1]])
        if found := re.search(r'file\("\$\{path\.module\}/([\w.]+)"\)', for_each):
            return list(json.loads(self.texts[found[1]]))
        if for_each.startswith("${toset("):
            return re.findall(r'"([^"]*)"', for_each)
        return [for_each]

    def fill(self, text: str, key: str = "") -> str:
        """Fill `each.key`, `each.value` of a set, and variables into a string."""
        text = re.sub(r"\$\{each\.(?:key|value)\}", key, text)
        return re.sub(r"\$\{var\.(\w+)\}", lambda found: GIVEN.get(found[1], found[0]), text)


@lru_cache(maxsize=64)
def _parse(text: str) -> dict:
    return hcl2.loads(text, serialization_options=OPTIONS)
