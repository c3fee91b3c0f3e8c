"""The fenced blocks of a page of the documentation, run in order in a folder of their own.

    ```python                    run here; the blocks of a page share their names
    ```sh                        run by sh -e, with our clvlab; ends with 0
    ```sh ends-with-2            ... with 2
    ```sh elsewhere              not run: it is for a machine of the reader's, such as an installation
    ```text                      what the block before it prints, letter by letter; `...` stands for anything
    ```yaml params/shop.yaml     written to this file
    ```yaml                      read as YAML

Blocks of other languages without a file name have their own tests.
"""

import contextlib
import doctest
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

import clvlab

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if DOCS / "notebooks" not in page.parents)
BLOCK = re.compile(r"^(`{3,})([\w-]+) ?([^\n]*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
ELSEWHERE = "elsewhere"
OURS = f'#!/bin/sh\nexec "{sys.executable}" -c "from clvlab.cli import main; main()" "$@"\n'
SECONDS = 1_200


@dataclass(frozen=True)
class Example:
    """A fenced block: its language, what follows on its first line, and its lines."""

    language: str
    info: str
    text: str


def examples(page: str) -> Iterator[Example]:
    """The fenced blocks of a page; directives are none."""
    for found in BLOCK.finditer(page):
        yield Example(found[2], found[3].strip(), found[4])


def run(page: Path, folder: Path) -> None:
    """Run the blocks of a page in a folder, which is the working directory."""
    names: dict[str, object] = {"__name__": "__main__"}
    printed = None
    for example in examples(page.read_text(encoding="utf-8")):
        if example.language == "text":
            assert printed is not None, f"nothing printed this:\n{example.text}"
            same = doctest.OutputChecker().check_output(example.text, printed, doctest.ELLIPSIS)
            assert same, f"the page says:\n{example.text}\nand this was printed:\n{printed}"
        printed = None
        if example.language == "python":
            printed = python(example.text, names)
        elif example.language == "sh" and example.info != ELSEWHERE:
            printed = shell(example, folder)
        elif example.language == "yaml" and not example.info:
            assert yaml.safe_load(example.text), example.text
        elif example.info and example.language != "sh":
            path = folder / example.info
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(example.text, encoding="utf-8")


def python(code: str, names: dict[str, object]) -> str:
    """What the code prints, run among these names."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, names)
    return printed.getvalue()


def shell(example: Example, folder: Path) -> str:
    """What the commands print on standard output, run by sh with our clvlab."""
    program = folder / ".bin" / "clvlab"
    program.parent.mkdir(exist_ok=True)
    program.write_text(OURS, encoding="utf-8")
    program.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(Path(clvlab.__file__).parents[1]),
    }
    done = subprocess.run(
        ["sh", "-e", "-c", example.text],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == int(example.info.removeprefix("ends-with-") or 0), done.stderr[-3000:]
    return done.stdout
