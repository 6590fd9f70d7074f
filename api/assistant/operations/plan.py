"""The plan: how it is going, and what such a plan is."""

from __future__ import annotations

from datetime import date

from api.assistant.operations import contact, own_conferences, own_plan, speaking
from api.assistant.operations.asking import Ask, option, say
from api.assistant.operations.schemas import Reply
from api.assistant.operations.words import says, topics
from api.plans import own, queries
from api.plans.models import WITHDRAWN
from api.reviews import queries as reviews
from api.settings import settings

#: So many of the core group are named in a text.
MOST_NAMED = 3


def status(ask: Ask) -> list[Reply]:
    """How many of their actions are done and left, and when the plan is looked at next; or what they ask of what is on
    it. Never a forecast."""
    if asked := own_plan.answer(ask):
        return asked
    plans = queries.current_plans(ask.session, ask.family_id)
    if not plans:
        ended = queries.last_ended_plan(ask.session, ask.family_id)
        if ended is None or ended.ended_on is None:
            return [say("plan.none")]
        over = _over(ask, ended.ended_on, taken_back=ended.end_kind == WITHDRAWN)
        return [say("plan.own", lines=f"{ask.text(over.id, **over.args)} {contact.whom_to_ask(ask)}")]
    if says(ask.words, "see_plan") and (page := how_to_read_it(ask)):
        return page
    today = ask.turn.now.astimezone(ask.turn.timezone).date()
    mine = queries.own_actions(
        ask.session, ask.someone.id, statuses=("open", "blocked", "reported_done", "verified"), today=today
    )
    done = sum(action.status in ("reported_done", "verified") for action in mine)
    blocked = sum(action.status == "blocked" for action in mine)
    late = sum(action.status == "open" and action.due_on is not None and action.due_on < today for action in mine)
    parts = [ask.text("plan.counts", done=done, total=len(mine))] if mine else [ask.text("plan.no_actions")]
    if late:
        parts.append(ask.text("plan.late_one" if late == 1 else "plan.late_many", number=late))
    if blocked:
        parts.append(ask.text("plan.blocked_one" if blocked == 1 else "plan.blocked_many", number=blocked))
    progress = [one for plan in plans for last in reviews.of_plan(ask.session, plan.id)[:1] for one in last.progress]
    if progress and not (late or blocked):
        well = sum(one.progress in ("good", "achieved") for one in progress)
        parts.append(ask.text("plan.progress", number=well, total=len(progress)))
    parts += own_plan.next_looks(ask, plans, today)
    told, left = " ".join(parts), option("option.whats_left", "check_actions")
    whom = contact.whom_to_ask(ask)
    whole = f"{ask.text('plan.status', told=told)} {whom}"
    if not own_plan.fits(ask, whole, option_id=left.label_id):
        whole = f"{told} {whom}"
    return [say("plan.own", left, lines=whole)]


def about(ask: Ask) -> list[Reply]:
    """A general question about plans: one of the explanations in the catalogue, and whom to ask for more."""
    topic = ask.carried("topic") or own_plan.topic(ask)
    if topic not in topics():
        choices = [option(f"about.ask.{name}", "ask_about_plan", topic=name) for name in ("plan", "why", "end", "take")]
        return [say("about.which", *choices)]
    told = ask.pack.explanation(topic, ask.language)
    text_id, args = ("about.local", {"told": told}) if told else (f"about.{topic}", {})
    if topic == "why" and (reasons := own_plan.why(ask)):
        return reasons
    page = how_to_read_it(ask) if topic == "see" or says(ask.words, "see_plan") else []
    if topic == "why" and ask.person is not None and not ask.plain_words:
        page = how_to_read_it(ask)
    if page:
        return [say(text_id, **args), *page] if topic == "see" and ask.plain_words else page
    return [*_own(ask, topic), say(text_id, option("", "contact_worker", label=ask.text("option.ask_worker")), **args)]


def how_to_read_it(ask: Ask) -> list[Reply]:
    """Where their whole plan stands: a page behind a code of their own that the worker gives; nothing for whoever has
    no plan, or has not proved who they are. The address alone shows nobody's data."""
    if ask.person is None or not queries.current_plans(ask.session, ask.family_id):
        return []
    if ask.channel_is_own:
        return [say("plan.page_here")]
    ask.pending = {"words": ask.text("plan.page_words")}
    text_id = "plan.page" if ask.plain_words else "plan.page_discreet"
    return [say(text_id, option("option.ask_code", "contact_worker"), page=f"{settings().base_url}/chat")]


def _own(ask: Ask, topic: str) -> list[Reply]:
    """What the person's own plan says about the topic, before what is so in general. Nothing where it says nothing."""
    if ask.person is None or not ask.plain_words:
        return []
    today = ask.turn.now.astimezone(ask.turn.timezone).date()
    if topic in ("conference", "review") and (told := own_conferences.told(ask, today)):
        return told
    if topic in ("conference", "review") and says(ask.words, "what_was_decided"):
        ended = own.ended(ask.session, ask.someone.id)
        return [_over(ask, ended.on, taken_back=ended.taken_back)] if ended is not None else []
    if topic == "categories":
        return own_conferences.harms(ask, today)
    plans = queries.current_plans(ask.session, ask.family_id)
    if topic in ("end", "review") and len(plans) > 1:
        each = own_plan.each_looked_at(ask, plans, today)
        return [say("plan.own", lines="\n".join(each))] if each else []
    if topic in ("end", "review"):
        days = [day for plan in plans if (day := own_plan.looked_at(ask, plan, today)) is not None]
        return [say("about.own_review", day=speaking.day(ask, day)) for day in days]
    if topic in ("who_decides", "core_group"):
        named = {f"{member.name} ({member.role})": None for plan in plans for member in plan.core_group}
        return [say("about.own_group", people=speaking.join(ask, list(named)[:MOST_NAMED]))] if named else []
    return []


def _over(ask: Ask, day: date, *, taken_back: bool) -> Reply:
    """``taken_back``: it was recorded by mistake."""
    return say("plan.taken_back" if taken_back else "plan.ended", day=speaking.day(ask, day))
