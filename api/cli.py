"""``hearthline``: the operator's command line. Bad input gets one clear sentence and exit status 1, never a
traceback."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from api import logs
from api.command_line import a_file, fail, files_or_folders
from api.protection.commands import protection

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
services = typer.Typer(no_args_is_help=True, help="The services directory.")
app.add_typer(services, name="services")
app.add_typer(protection)

File = Annotated[Path, typer.Argument(help="the file", callback=a_file)]


@app.command("run")
def run() -> None:
    """Prepare and start everything, as `make run` does."""
    from api import run as runner

    raise typer.Exit(runner.main())


@app.command("migrate")
def migrate() -> None:
    """Bring the database to the newest version."""
    from api.migrations.apply import InUse, upgrade

    try:
        upgrade()
    except InUse as problem:
        fail(str(problem))
    typer.echo("The database is at the newest version.")


@app.command("import")
def import_families(
    files: Annotated[
        list[Path] | None, typer.Argument(help="one JSON file; or CSV tables, or a folder", callback=files_or_folders)
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="only say what would happen")] = False,
    ask_first: Annotated[
        bool, typer.Option("--ask-first", help="new numbers get one question first, and nothing else before they agree")
    ] = False,
    template: Annotated[
        Path | None, typer.Option("--template", metavar="FOLDER", help="write empty CSV tables with an example there")
    ] = None,
) -> None:
    """Import families, plans and appointments: JSON, or people.csv, plans.csv and the others of --template (see
    data/demo/README.md). Nothing is written unless all is right."""
    from api.imports.service import ImportProblems, import_paths
    from api.imports.templates import write_templates
    from api.protection import data_keys

    if template is not None:
        try:
            typer.echo("\n".join(str(path) for path in write_templates(template)))
        except OSError as problem:
            fail(f"{template} cannot be written ({problem.strerror}). Choose a folder without such files in it.")
        return
    if not files:
        fail(
            "Say what to import: a JSON file, CSV tables or a folder with them. --template FOLDER writes empty tables."
        )
    data_keys.check()
    try:
        report = import_paths(files or [], check_only=check, ask_first=ask_first)
    except ImportProblems as problems:
        fail(str(problems))
    else:
        typer.echo(str(report))


@app.command("password")
def set_password(email: Annotated[str, typer.Argument(help="the worker's e-mail address")]) -> None:
    """Give a worker a (new) password for the console; it is asked for, never taken from the command line."""
    from api.access import service

    password = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
    try:
        service.set_password(email, password)
    except (LookupError, ValueError) as problem:
        fail(str(problem).strip("'"))
    typer.echo("The password is set. Open sessions of this worker have ended.")


@services.command("import")
def import_services_file(file: File) -> None:
    """Import services (Open Referral HSDS 3.0 JSON)."""
    from api.imports.service import ImportProblems, import_services

    try:
        typer.echo(str(import_services(file)))
    except ImportProblems as problems:
        fail(str(problems))


@services.command("search")
def search_services(
    words: Annotated[str, typer.Argument(help='what and where, such as "food bank near LS9"')],
    country: Annotated[str, typer.Option(help="GB or US")] = "GB",
    language: str = "en",
) -> None:
    """Search the directory as a family's text would."""
    from api.directory.answers import answer_words

    typer.echo(answer_words(words, country=country.upper(), language=language))


@app.command("rehearse")
def rehearse(
    at: Annotated[str, typer.Argument(help='when it comes in, such as "sunday 02:00" or "2026-12-25 14:30"')],
    priority: Annotated[str, typer.Option(help="emergency, urgent or routine")] = "emergency",
    agency: Annotated[str, typer.Option(help="the agency's id in the import file, where there are several")] = "",
    worker: Annotated[str, typer.Option(help="the family's own worker: their id in the import file")] = "",
) -> None:
    """Who would be told of an escalation, and when, if nobody acknowledged: by the ladders and the rota as they are."""
    from api.escalations.in_words import Unknown, rehearsal_in_words
    from api.escalations.ladder import PRIORITIES

    if priority not in PRIORITIES:
        fail(f"--priority takes one of: {', '.join(PRIORITIES[::-1])}")
    try:
        for line in rehearsal_in_words(at, priority, agency, worker):
            typer.echo(line)
    except Unknown as problem:
        fail(str(problem))


@app.command("false-alarms")
def export_false_alarms(
    out: Annotated[Path, typer.Argument(dir_okay=False, help="the JSONL file to write; it must not be there yet")],
) -> None:
    """What raised an alarm that workers then called false: for a person to read, strip of names, and give to the screen
    as examples. The file holds what families wrote; only its owner can read it."""
    from api.escalations.export import write_false_alarms
    from api.protection import data_keys

    data_keys.check()
    try:
        count = write_false_alarms(out)
    except OSError as problem:
        fail(f"{out} cannot be written ({problem.strerror}). Choose a new file in a folder of yours.")
    else:
        typer.echo(f"{count} messages are in {out}. They are what people wrote: read, strip of names, then delete.")


@app.command("screen")
def screen_file(file: File) -> None:
    """The safety screen on one message a line; prints a JSON line for each: text, safety."""
    from api.safety.screen import screen

    for text in _messages(file):
        verdict = screen(text)
        safety = {"kind": verdict.kind, "priority": verdict.priority}
        typer.echo(json.dumps({"text": text, "safety": safety, "reasons": verdict.reasons}, ensure_ascii=False))


@app.command("understand")
def understand_file(file: File) -> None:
    """What each message (one a line) is taken to mean; prints a JSON line for each: text, intent, confidence,
    entities, safety."""
    from api.assistant.understanding import NotTrained, understand
    from api.safety.screen import screen

    texts = _messages(file)
    try:
        for text, meaning in zip(texts, understand(texts), strict=True):
            verdict = screen(text)
            meaning["safety"] = {"kind": verdict.kind, "priority": verdict.priority}
            typer.echo(json.dumps(meaning, ensure_ascii=False))
    except NotTrained as problem:
        fail(str(problem))


@app.command("evaluate")
def evaluate_file(
    file: File,
    out: Annotated[Path, typer.Option(help="the folder for report.html, confusion.png and report.json")] = Path(
        "var/evaluation"
    ),
) -> None:
    """How well labelled messages are understood (JSONL: text, intent, optional entities): figures, pictures, and the
    most confident mistakes."""
    from api.assistant import evaluation, report
    from api.assistant.understanding import NotTrained, understand

    try:
        labelled = evaluation.read(file)
        said = evaluation.guesses(understand([one.text for one in labelled]))
        result = evaluation.evaluate(labelled, said)
        report.write(result, out, source=file.name)
    except (evaluation.BadLine, NotTrained, report.NoPicture) as problem:
        fail(str(problem))
    except OSError as problem:
        fail(f"{out} cannot be written ({problem.strerror}). Choose another folder: --out FOLDER")
    else:
        typer.echo(report.in_words(result))
        typer.echo(f"\nThe whole report: {out / 'report.html'}")


@app.command("text")
def text(
    sender: Annotated[str, typer.Argument(metavar="FROM", help="the phone it comes from, such as +447700900101")],
    body: Annotated[str, typer.Argument(metavar='"BODY"', help="what it says")],
) -> None:
    """Send one SMS through the whole running system, as Twilio would deliver it, and print the replies."""
    from api.channels.twilio.try_out import NoReply, NotRunning, text_and_wait

    try:
        replies = text_and_wait(sender, body)
    except NoReply as problem:
        for reply in problem.so_far:
            typer.echo(reply)
        fail(str(problem))
    except (NotRunning, ValueError) as problem:
        fail(str(problem))
    for reply in replies:
        typer.echo(reply)
    if not replies:
        typer.echo("The message was taken in, and nothing is answered to it; the console shows it.", err=True)


def _messages(file: Path) -> list[str]:
    return [line.rstrip("\r\n") for line in file.open(encoding="utf-8-sig", errors="replace")]


def main() -> None:
    """Entry point: anything unforeseen is one line too, without the words of whoever it was about."""
    logs.configure(level=30)
    try:
        app()
    except (BrokenPipeError, KeyboardInterrupt):
        sys.exit(130)
    except Exception as error:
        typer.echo(f"That did not work ({type(error).__name__}).", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
