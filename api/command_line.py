"""What all commands of ``hearthline`` share: one clear sentence and exit status 1 for whatever is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import typer


def fail(message: str) -> NoReturn:
    """Say what was wrong and end with status 1."""
    typer.echo(message, err=True)
    raise typer.Exit(1)


def a_file(path: Path) -> Path:
    """The file, which is there and can be read; else ``fail``."""
    if path.is_dir():
        fail(f"{path} is a folder; say which file in it.")
    _readable(path)
    return path


def files_or_folders(paths: list[Path] | None) -> list[Path] | None:
    """The same for several, of which some may be folders."""
    for path in paths or []:
        if not path.is_dir():
            _readable(path)
    return paths


def _readable(path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except FileNotFoundError:
        fail(f"{path}: there is no such file.")
    except OSError as problem:
        fail(f"{path} cannot be read ({problem.strerror}).")
