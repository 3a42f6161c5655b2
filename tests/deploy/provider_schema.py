"""Write `deploy/terraform/provider_schema.json`: the arguments that the Google provider's release takes.

    npm pack @cdktf/provider-google@16.12.1 && tar xf *.tgz && python -m tests.deploy.provider_schema package/.jsii

Of the kinds that our files use alone, block by block; `true` marks a required argument. The package describes release
6.50.0 of the provider, which can't be had without its own registry.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from tests.deploy.configuration import FOLDER, Configuration

OUTPUT = FOLDER / "provider_schema.json"
NOT_ARGUMENTS = ("connection", "count", "dependsOn", "forEach", "lifecycle", "provider", "provisioners", "timeouts")
NAME = re.compile(r"\{@link \S+#(\w+) ")
REFERENCE = re.compile(r'"(@cdktf/provider-google\.[\w.]+)"')


def arguments(types: dict, name: str) -> dict:
    """Return the arguments of a block: whether each is required, or a block's own arguments."""
    found = {}
    for member in types[name].get("properties", []):
        if member["name"] in NOT_ARGUMENTS and name.endswith("Config"):
            continue
        docs = member.get("docs", {})
        named = NAME.search(docs.get("remarks", "") + docs.get("summary", ""))
        argument = named[1] if named else re.sub(r"(?<!^)(?=[A-Z])", "_", member["name"]).lower()
        block = REFERENCE.search(json.dumps(member["type"]))
        is_required = not member.get("optional", False)
        is_block = block is not None and types.get(block[1], {}).get("kind") == "interface"
        found[argument] = {"required": is_required, "block": arguments(types, block[1])} if is_block else is_required
    return found


def write_schema(assembly: Path) -> None:
    """Write the arguments of every kind of resource that our files use."""
    types = json.loads(assembly.read_text())["types"]
    configurations = {
        re.sub(r"A?$", "", name.rsplit(".", 1)[1].removesuffix("Config")).lower(): name
        for name, about in types.items()
        if name.endswith("Config") and about.get("kind") == "interface" and name.count(".") == 2
    }
    kinds = sorted({item.kind for item in Configuration().resources()})
    schema = {
        kind: arguments(types, configurations[kind.removeprefix("google_").replace("_", "").lower()]) for kind in kinds
    }
    OUTPUT.write_text(json.dumps(schema, separators=(",", ":")).replace('"google_', '\n"google_') + "\n")


if __name__ == "__main__":
    write_schema(Path(sys.argv[1]))
