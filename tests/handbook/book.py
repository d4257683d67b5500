"""The commands of the handbook: code blocks that are marked with the machines they are for."""

import re
from dataclasses import dataclass
from pathlib import Path

MARK = re.compile(r"<!-- walk: ([a-z ]+) -->\n```sh\n(.*?)```\n", re.DOTALL)


@dataclass
class Block:
    """One block."""

    machines: list[str]
    text: str
    line: int
    section: str


def blocks(path: Path) -> list[Block]:
    """All marked blocks, in the order of the document."""
    text = path.read_text()
    found = []
    for match in MARK.finditer(text):
        before = text[: match.start()]
        sections = re.findall(r"^##+ (.*)$", before, re.MULTILINE)
        found.append(
            Block(match[1].split(), match[2], before.count("\n") + 3, sections[-1] if sections else "")
        )
    marks = text.count("<!-- walk:")
    assert len(found) == marks, f"{marks - len(found)} marks of {path} stand before no block"
    return found
