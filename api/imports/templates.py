"""Writing the CSV tables as templates into a folder."""

from __future__ import annotations

from pathlib import Path

from api.imports import tables


def write_templates(folder: Path) -> list[Path]:
    """people.csv, plans.csv and the others (api.imports.tables), each with its header and an example. Raises OSError;
    what is there is not overwritten."""
    folder.mkdir(parents=True, exist_ok=True)
    made = [folder / f"{kind.name}.csv" for kind in tables.KINDS]
    for path in made:
        if path.exists():
            raise FileExistsError(17, "there already")
    for path, kind in zip(made, tables.KINDS, strict=True):
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(tables.template(kind))
    return made
