"""The plan: how it is going, and what such a plan is."""

from __future__ import annotations

from datetime import date

from api.appointments import queries as appointments
from api.assistant.operations import own_plan, speaking
from api.assistant.operations.asking import Ask, option, say
from api.assistant.operations.schemas import Reply
from api.assistant.operations.words import says, topic_of, topics
from api.plans import own, queries
from api.plans.models import WITHDRAWN
from api.reviews import queries as reviews
from api.settings import settings

#: The appointments at which a plan is decided on.
CONFERENCES = ("initial_conference", "review_conference")
#: So many of the core group are named in a text.
MOST_NAMED = 3


def status(ask: Ask) -> list[Reply]:
    """How many of their actions are done and left, and when the plan is looked at next; or what they ask of what is on
    it. Never a forecast."""
    if asked := own_plan.answer(ask):
        return asked
    plan = queries.current_plan(ask.session, ask.family_id)
    if plan is None:
        ended = queries.last_ended_plan(ask.session, ask.family_id)
        if ended is None or ended.ended_on is None:
            return [say("plan.none")]
        return [_over(ask, ended.ended_on, taken_back=ended.end_kind == WITHDRAWN)]
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
    last = reviews.of_plan(ask.session, plan.id)
    if last and last[0].progress and not (late or blocked):
        well = sum(one.progress in ("good", "achieved") for one in last[0].progress)
        parts.append(ask.text("plan.progress", number=well, total=len(last[0].progress)))
    review = queries.review_meeting(ask.session, ask.someone.id, ask.turn.now)
    next_look = "plan.review" if ask.plain_words else "plan.review_discreet"
    if review is not None:
        parts.append(ask.text(next_look, when=speaking.moment(ask, review.starts_at)))
    elif (day := own_plan.looked_at(ask, plan, today)) is not None:
        by = "plan.review_by" if ask.plain_words else "plan.review_by_discreet"
        parts.append(ask.text(by, day=speaking.day(ask, day)))
    return [say("plan.status", option("option.whats_left", "check_actions"), told=" ".join(parts))]


def about(ask: Ask) -> list[Reply]:
    """A general question about plans: one of the explanations in the catalogue, and whom to ask for more."""
    topic = ask.carried("topic") or topic_of(ask.words)
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
    if ask.person is None or queries.current_plan(ask.session, ask.family_id) is None:
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
    if topic in ("conference", "review") and (told := _conference(ask, today)):
        return told
    plan = queries.current_plan(ask.session, ask.family_id)
    if plan is None:
        return []
    if topic in ("end", "review"):
        day = own_plan.looked_at(ask, plan, today)
        return [say("about.own_review", day=speaking.day(ask, day))] if day is not None else []
    if topic in ("who_decides", "core_group") and plan.core_group:
        people = [f"{member.name} ({member.role})" for member in plan.core_group[:MOST_NAMED]]
        return [say("about.own_group", people=speaking.join(ask, people))]
    return []


def _conference(ask: Ask, today: date) -> list[Reply]:
    """When the next one is at which the person is expected; where there is none, or they ask what was decided, what the
    last review of their own plan agreed."""
    past = says(ask.words, "what_was_decided")
    coming = appointments.own(ask.session, ask.someone.id, after=ask.turn.now)
    meeting = next((one for one in coming if one.kind in CONFERENCES), None)
    if meeting is not None and not past:
        kind, when = speaking.kind(ask, meeting), speaking.moment(ask, meeting.starts_at)
        return [say("about.own_conference", kind=kind, when=when)]
    theirs = own.own_plan(ask.session, ask.someone.id, today)
    if theirs is not None and theirs.last is not None:
        told = ask.text(f"chat.plan.next.{theirs.last.next_step}")
        return [say("about.own_last", day=speaking.day(ask, theirs.last.held_on), told=told)]
    if theirs is not None:
        return [say("about.own_began", day=speaking.day(ask, theirs.plan.started_on))] if past else []
    ended = own.ended(ask.session, ask.someone.id) if past else None
    return [_over(ask, ended.on, taken_back=ended.taken_back)] if ended is not None else []


def _over(ask: Ask, day: date, *, taken_back: bool) -> Reply:
    """``taken_back``: it was recorded by mistake."""
    return say("plan.taken_back" if taken_back else "plan.ended", day=speaking.day(ask, day))
