"""The operator's commands of data protection; part of ``hearthline`` (api.cli)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from api.command_line import a_file, fail

protection = typer.Typer()

File = Annotated[Path, typer.Argument(help="the file", callback=a_file)]


@protection.command("backup")
def back_up(out: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="the file to write")]) -> None:
    """Write the whole database to a file (PostgreSQL's custom format), also while everything runs."""
    from api.database import libpq_url
    from api.protection import backup

    try:
        size = backup.back_up(out, libpq_url())
    except backup.BackupFailed as problem:
        fail(str(problem))
    else:
        typer.echo(f"{out} holds everything ({size:,} bytes). It is what families wrote: encrypt it, keep it apart.")


@protection.command("restore")
def restore(file: File) -> None:
    """Bring a backup into an empty database. Stop Hearthline first."""
    from api.database import libpq_url
    from api.protection import backup, data_keys

    try:
        doubtful = backup.restore(file, libpq_url())
    except backup.BackupFailed as problem:
        fail(str(problem))
    else:
        typer.echo("All of it is back. Now: hearthline migrate; then erase again who was erased since this backup.")
        if doubtful:
            typer.echo(f"{doubtful} texts may have gone out since the backup: the console shows them to workers.")
        if unknown := data_keys.missing_now():
            typer.echo(f"Its words need keys that HEARTHLINE_DATA_KEYS does not have: {', '.join(unknown)}. Add them.")


@protection.command("seal")
def seal(
    lost: Annotated[
        str, typer.Option("--without-lost-key", metavar="ID", help="this key is lost for good: start without it")
    ] = "",
) -> None:
    """Seal all that people wrote and sent with the first key of HEARTHLINE_DATA_KEYS, while everything runs. It may be
    stopped and run again; at the end it says which older keys may be dropped."""
    from api.protection import data_keys, resealing
    from api.settings import SettingsError

    if lost:
        if not data_keys.give_up(lost):
            fail("No words were sealed with a key of this id.")
        typer.echo(f"Hearthline starts without {lost}. What it sealed stays, and can be read again when it is found.")
        return
    try:
        data_keys.check()
    except SettingsError as problem:
        fail(str(problem))
    done = resealing.reseal()
    for line in done.in_words():
        typer.echo(line)
    if done.unreadable or done.busy or done.missing:
        raise typer.Exit(1)


@protection.command("retention")
def retention_rules() -> None:
    """How long each kind of data is kept, why, and how much would be removed now. Removes nothing: the worker does."""
    from api.protection import retention

    try:
        for rule in retention.rules():
            kept = "kept" if rule.days is None else f"{rule.days} days, {retention.due(rule)} to remove"
            typer.echo(f"{rule.kind}: {kept}. {rule.why}")
    except retention.BadRules as problem:
        fail(str(problem))


@protection.command("export-person")
def export_person(
    who: Annotated[str, typer.Argument(metavar="ID_OR_NUMBER", help="the person's id, FAMILY/PERSON, or phone number")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="the JSON file to write; it must not be there yet")],
) -> None:
    """Everything held about one person, for a subject access request. A person reads it before it is handed over."""
    from api.protection import data_keys, person_file, whose

    data_keys.check()
    try:
        count = person_file.write(who, out)
    except whose.Unknown as problem:
        fail(str(problem))
    except OSError as problem:
        fail(f"{out} cannot be written ({problem.strerror}). Choose a new file in a folder of yours.")
    else:
        typer.echo(f"{out} holds what there is, {count} messages among it. Read it before you hand it over: relatives'")
        typer.echo("names are taken out by their spelling, and what could endanger somebody is for you to judge.")


@protection.command("export-agency")
def export_agency(
    agency: Annotated[str, typer.Argument(metavar="AGENCY", help="the agency's id in the import file")],
    out: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="the archive (.zip) to write")],
    by: Annotated[str, typer.Option(metavar="EMAIL", help="an administrator of the agency; the password is asked for")],
    family: Annotated[str, typer.Option(help="only this family: its id in the import file")] = "",
) -> None:
    """Everything held for an agency (or one family of it): an import file, and all rows beyond it. README.txt in the
    archive says what is what."""
    from sqlalchemy import select

    from api.access.models import Agency
    from api.database import reading
    from api.families.models import Family
    from api.protection import agency_file, data_keys

    data_keys.check()
    worker_id, agency_id = _administrator(by, agency)
    with reading() as session:
        family_id = session.scalar(
            select(Family.id).join(Agency).where(Family.agency_id == agency_id, Family.external_id == family)
        )
    if family and family_id is None:
        fail("This agency has no family with this id.")
    try:
        counts = agency_file.write(agency_file.Scope(agency_id, agency, family_id), out, by=worker_id)
    except OSError as problem:
        fail(f"{out} cannot be written ({problem.strerror}). Choose a new file in a folder of yours.")
    typer.echo(
        f"{out} holds {sum(counts.values()):,} rows of {len(counts)} tables. Encrypt it, keep it apart, and read"
    )
    typer.echo("before you hand on any of it: it has what members of one family must not learn of each other.")


def _administrator(email: str, agency: str) -> tuple[UUID, UUID]:
    """Who asks, and their agency; ends the program where they may not."""
    from api.access import service
    from api.protection import agency_file

    password, code = typer.prompt("Password", hide_input=True), ""
    while True:
        try:
            return agency_file.administrator(email, password, code, agency)
        except service.CodeNeeded:
            if code:
                fail("The code does not fit.")
            code = typer.prompt("Code of the second factor", hide_input=True)
        except service.TooManyTries:
            fail("Too many tries. Wait a quarter of an hour.")
        except agency_file.NotAllowed as problem:
            fail(str(problem))


@protection.command("erase-person")
def erase_person(
    who: Annotated[str, typer.Argument(metavar="ID", help="the person's id, or FAMILY/PERSON")],
    reason: Annotated[str, typer.Option(help="why, for the audit trail: a reference, no names")],
    yes: Annotated[bool, typer.Option("--yes", help="do it; without this it only says what would happen")] = False,
) -> None:
    """Empty what is held about one person. What the law makes one keep stays, without their words and name."""
    from api.protection import data_keys, erasure, whose

    data_keys.check()
    try:
        done = erasure.erase(who, reason, only_say=not yes)
    except (whose.Unknown, erasure.Refused) as problem:
        fail(str(problem))
    else:
        for line in done.in_words():
            typer.echo(line)
        if not yes:
            fail("Nothing was changed. It cannot be undone: make sure, then run it again with --yes.")
