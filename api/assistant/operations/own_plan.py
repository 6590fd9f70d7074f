"""The person's own plan in a few words: what it wants, what is theirs to do, who does what, when it is looked at next;
why there is one, and what happens if it does not work.

Promise: nothing that is kept off the family's page, nothing of another family member's, no title where somebody else
may read the phone, nothing of what adults are worried about to a young person. By text two segments at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from api.assistant.operations import contact, speaking, titles
from api.assistant.operations import queries as families
from api.assistant.operations.asking import Ask, option, say
from api.assistant.operations.schemas import Reply
from api.assistant.operations.words import says, topic_of
from api.messages.sms import segments, to_gsm7
from api.plans import own, queries
from api.plans.models import Plan, PlanAction, Risk
from api.plans.own import OwnPlan
from api.sealed import all_open, or_nothing
from api.timescales import queries as timescales

#: What one message may be, and the longest single line in it.
SEGMENTS = 2
LONGEST_LINE = 120
#: What would show that a worry is less stands under it in the same message.
LONGEST_BELOW = 100
#: A line that is too long for a message of its own is cut, and no further than this.
LEAST_OF_A_LINE = 20
WAITING = ("open", "blocked")
#: Operations that a question about one's own plan is sometimes taken for.
TAKEN_FOR = frozenset(
    {"ask_about_plan", "check_actions", "ask_who_is_my_worker", "ask_capabilities", "out_of_scope", "fallback"}
)
#: ... and those that ask_about_plan answers, by topic: why there is a plan, whether children can be taken, ...
ABOUT_TAKEN_FOR = {
    "why": frozenset({"ask_plan_status", "ask_capabilities", "out_of_scope", "fallback"}),
    "take": frozenset({"ask_plan_status", "out_of_scope", "fallback"}),
}
#: ... and what was decided for them, at one of these.
DECIDED_AT, DECIDED_TAKEN_FOR = ("conference", "review"), frozenset({"ask_plan_status", "out_of_scope", "fallback"})
#: ... and who was there.
WHO_TAKEN_FOR = DECIDED_TAKEN_FOR | {"ask_who_is_my_worker", "ask_appointment_details"}
#: ... and who has the last word.
LAST_WORD_TAKEN_FOR = frozenset({"ask_who_is_my_worker", "ask_if_bot", "ask_plan_status", "out_of_scope", "fallback"})
MAYBE_ABOUT = LAST_WORD_TAKEN_FOR | WHO_TAKEN_FOR.union(*ABOUT_TAKEN_FOR.values())


def is_asked(ask: Ask, name: str) -> bool:
    """Do the words ask what is on their own plan, or what happens if it does not work?"""
    if ask.tapped or ask.holder is None or name not in TAKEN_FOR:
        return False
    return _on_it(ask) or says(ask.words, "if_not_working")


def is_about(ask: Ask, name: str) -> bool:
    """Do the words ask why there is a plan, what they fear most of it, what was decided, or who decides?"""
    if ask.tapped or ask.holder is None or name not in MAYBE_ABOUT:
        return False
    asked = topic(ask)
    if asked in DECIDED_AT and says(ask.words, "who_was_there"):
        return name in WHO_TAKEN_FOR
    if asked in DECIDED_AT and says(ask.words, "what_was_decided"):
        return name in DECIDED_TAKEN_FOR
    if asked == "who_decides" and says(ask.words, "last_word"):
        return name in LAST_WORD_TAKEN_FOR
    return name in ABOUT_TAKEN_FOR.get(asked, ())


def topic(ask: Ask) -> str:
    """The explanation about plans that the words ask for, or "". A child of the family counts as one by their name; of
    somebody whom we do not know, whoever Rasa takes for a person by a single word."""
    if ask.person is not None:
        names = [or_nothing(one.first_name) for one in families.children(ask.session, ask.person.family_id)]
    else:
        found = [one.value for one in ask.question.entities if one.entity == "person"]
        names = [name for name in found if len(name.split()) == 1]
    return topic_of(ask.words, names)


def _on_it(ask: Ask) -> bool:
    """Whoever wants to read the plan itself is told where it stands (operations.plan)."""
    return says(ask.words, "on_my_plan") and not says(ask.words, "see_plan")


def answer(ask: Ask) -> list[Reply]:
    """The part of their plan that they ask for; [] where they ask for none of it, or there is no plan."""
    more = ask.carried("more")
    if not (more or _on_it(ask) or says(ask.words, "if_not_working")):
        return []
    today = ask.turn.now.astimezone(ask.turn.timezone).date()
    theirs = own.own_plans(ask.session, ask.someone.id, today)
    if not theirs:
        return []
    if not more and says(ask.words, "if_not_working"):
        return [_if_not(ask, theirs)]
    if not ask.plain_words:
        return [_in_numbers(ask, theirs)]
    return [_page(ask, _lines(ask, theirs), int(more) if more.isdigit() else 0)]


def why(ask: Ask) -> list[Reply]:
    """What people are worried about and when they would be less so, to adults, as on their own page; to a young person
    that it is not their fault. [] where there is no plan, nothing that they may see, or somebody else may read it."""
    today = ask.turn.now.astimezone(ask.turn.timezone).date()
    theirs = own.own_plans(ask.session, ask.person.id, today) if ask.person is not None else []
    if not theirs:
        return []
    if not ask.someone.grown:
        return [say("plan.why.young", option("", "contact_worker", label=ask.text("option.ask_worker")))]
    if not ask.plain_words:
        return []
    under = ask.text("plan.why")
    risks = [risk for one in theirs for risk in one.risks if all_open(risk.description, risk.lower_when)]
    lines = [(under, _worry(ask, risk)) for risk in risks]
    more = ask.carried("more")
    return [_page(ask, lines, int(more) if more.isdigit() else 0, "ask_about_plan", topic="why")] if lines else []


def _worry(ask: Ask, risk: Risk) -> str:
    line = f"- {_short(titles.without_names(ask, risk.description))}"
    if not risk.lower_when:
        return line
    details = _short(titles.without_names(ask, risk.lower_when), LONGEST_BELOW)
    return f"{line}\n{ask.text('plan.why.less', details=details)}"


def looked_at(ask: Ask, plan: Plan, today: date) -> date | None:
    """By when it is looked at again: as the plan says, else as the rules of the place do."""
    if plan.review_on is not None and plan.review_on >= today:
        return plan.review_on
    return timescales.due_by(ask.session, plan.family_id, "review_conference", today)


def next_looks(ask: Ask, plans: Sequence[Plan], today: date) -> list[str]:
    """When it is looked at again: at the review where the person is expected; of several plans each by its day (a
    meeting does not say which of them it is about)."""
    each = each_looked_at(ask, plans, today)
    meeting = queries.review_meeting(ask.session, ask.someone.id, ask.turn.now)
    if meeting is None or (each and len(plans) > 1):
        return each
    text_id = "plan.review" if ask.plain_words else "plan.review_discreet"
    return [ask.text(text_id, when=speaking.moment(ask, meeting.starts_at))]


def each_looked_at(ask: Ask, plans: Sequence[Plan], today: date) -> list[str]:
    """By when each plan is looked at again, a line for each day; which plan it is where there are several."""
    days = [(plan, day) for plan in plans if (day := looked_at(ask, plan, today)) is not None]
    if not ask.plain_words:
        return [ask.text("plan.review_by_discreet", day=speaking.day(ask, day)) for day in sorted({d for _, d in days})]
    if len(plans) == 1:
        return [ask.text("plan.review_by", day=speaking.day(ask, day)) for _, day in days]
    return [
        ask.text("plan.review_by_each", which=_which(ask, plan), day=speaking.short_day(ask, day)) for plan, day in days
    ]


def _which(ask: Ask, plan: Plan) -> str:
    """Whose plan it is where that may be said; else on which day it began."""
    names = [child.first_name for child in plan.children]
    if names and (ask.someone.may_name_children or not ask.someone.grown):
        return ask.text("plan.which_for", children=speaking.join(ask, names))
    return ask.text("plan.which_of", day=speaking.short_day(ask, plan.started_on))


def _lines(ask: Ask, plans: Sequence[OwnPlan]) -> list[tuple[str, str]]:
    """Each line with the heading that it stands under ("" for none); of several plans one after another."""
    if len(plans) == 1:
        return [*_of_one(ask, plans[0]), *_next(ask, plans)]
    found: list[tuple[str, str]] = []
    for one in plans:
        found += [("", ask.text("plan.own.which", which=_which(ask, one.plan))), *_of_one(ask, one)]
    return [*found, *_next(ask, plans)]


def _of_one(ask: Ask, theirs: OwnPlan) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    wants = [one.title for one in theirs.outcomes if one.state == "open" and all_open(one.title)]
    lines += [(ask.text("plan.own.wants"), f"- {_short(titles.without_names(ask, title))}") for title in wants]
    mine = [_action(ask, action) for action in _waiting(theirs.mine)]
    lines += [(ask.text("plan.own.yours"), line) for line in mine]
    if not mine:
        lines.append(("", ask.text("plan.no_actions" if not theirs.mine else "plan.own.nothing_left")))
    for action in _waiting(theirs.theirs):
        who = action.owner_name.strip() if all_open(action.owner_name) else ""
        line = _action(ask, action)
        lines.append((ask.text("plan.own.others"), f"- {who}: {line.removeprefix('- ')}" if who else line))
    return lines


def _next(ask: Ask, plans: Sequence[OwnPlan]) -> list[tuple[str, str]]:
    return [("", line) for line in next_looks(ask, [one.plan for one in plans], plans[0].today)]


def _waiting(actions: Sequence[PlanAction]) -> list[PlanAction]:
    found = [action for action in actions if action.status in WAITING]
    return sorted(found, key=lambda action: (action.due_on is None, action.due_on or date.max))


def _action(ask: Ask, action: PlanAction) -> str:
    title = _short(titles.in_a_line(ask, action, []))
    if action.due_on is None:
        return f"- {title}"
    return f"- {ask.text('plan.own.by', title=title, day=speaking.short_day(ask, action.due_on))}"


def _short(words: str, most: int = LONGEST_LINE) -> str:
    words = " ".join(words.rstrip(".").split())
    return words if len(words) <= most else words[: most - 3].rsplit(" ", 1)[0] + "..."


def _in_general(ask: Ask, words: str) -> str:
    """The plan's words of what happens then: whole where they can be read, in one text as far as they go."""
    words = " ".join(words.split())
    return words if _told_in_one(ask, [f"- {words}"], rest=0) else _short(words)


def _told_in_one(ask: Ask, lines: Sequence[str], *, rest: int) -> bool:
    """Do these lines of what happens then fit in one message, with the question that can be asked behind them?"""
    whole = ask.text("plan.if_not.more" if rest else "plan.if_not", lines="\n".join(lines), more=rest)
    return fits(ask, whole, option_id="option.ask_worker")


def _page(ask: Ask, lines: list[tuple[str, str]], begin: int, intent: str = "ask_plan_status", **carries: str) -> Reply:
    """As many lines as fit from there on, each heading once, and whom to ask; on the web all of them. The rest is
    asked for by ``intent``."""
    shown: list[str] = []
    whom = contact.whom_to_ask(ask)
    heading, at = "", begin if begin < len(lines) else 0
    while at < len(lines):
        under, line = lines[at]
        more = [under, line] if under and under != heading else [line]
        offered = "" if at == len(lines) - 1 else "services.option_more"
        if shown and not fits(ask, "\n".join([*shown, *more, whom]), option_id=offered):
            break
        while not shown and len(line) > LEAST_OF_A_LINE and not fits(ask, "\n".join([*more, whom]), option_id=offered):
            line = f"{line.removesuffix('...').rpartition(' ')[0]}..."
            more = [*more[:-1], line]
        shown, heading, at = [*shown, *more], under, at + 1
    rest = [option("services.option_more", intent, more=str(at), **carries)] if at < len(lines) else []
    return say("plan.own", *rest, lines="\n".join([*shown, whom]))


def fits(ask: Ask, words: str, *, option_id: str = "") -> bool:
    """Do these words fit in one message, with the option that is offered behind them ("" for none)?"""
    if ask.turn.channel != "sms":
        return True
    offered = [f"1 {ask.text(option_id)}"] if option_id else []
    return segments(to_gsm7("\n".join([words, *offered]))) <= SEGMENTS


def _in_numbers(ask: Ask, plans: Sequence[OwnPlan]) -> Reply:
    """Where somebody else may read the phone: how many of each, and what to ask for."""
    goals = sum(one.state == "open" for theirs in plans for one in theirs.outcomes)
    waiting = sum(len(_waiting(theirs.mine)) for theirs in plans)
    lines = [ask.text("plan.own.numbers", count=goals, number=waiting)]
    lines += [*next_looks(ask, [one.plan for one in plans], plans[0].today), contact.whom_to_ask(ask)]
    return say("plan.own", option("option.whats_left", "check_actions"), lines=" ".join(lines))


def _if_not(ask: Ask, plans: Sequence[OwnPlan]) -> Reply:
    """What their plans say of that, to adults, where it may be written; else whom to ask."""
    ask_them = option("", "contact_worker", label=ask.text("option.ask_worker"))
    if not ask.someone.grown:
        return say("plan.if_not.young", ask_them)
    written = [one for each in plans for one in each.contingencies if all_open(one.trigger, one.response)]
    general = [each.contingency for each in plans if each.contingency]
    if not ask.plain_words:
        return say("plan.if_not.discreet", ask_them)
    if not written and not general:
        return say("plan.if_not.none", ask_them)
    lines: list[str] = []
    for one in written:
        trigger, response = (_short(titles.without_names(ask, words)) for words in (one.trigger, one.response))
        day = speaking.short_day(ask, one.by_on) if one.by_on else ""
        lines.append(
            ask.text("plan.if_not.line_by" if day else "plan.if_not.line", what=trigger, details=response, day=day)
        )
    lines += [f"- {_in_general(ask, titles.without_names(ask, words))}" for words in general]
    told: list[str] = []
    for line in lines:
        if told and not _told_in_one(ask, [*told, line], rest=len(lines) - len(told) - 1):
            break
        told.append(line)
    rest = len(lines) - len(told)
    if rest:
        return say("plan.if_not.more", ask_them, lines="\n".join(told), more=rest)
    return say("plan.if_not", ask_them, lines="\n".join(told))
