"""Many families in the database at once, written by a few statements: an agency of 500 families and 13 workers, again
and again. Who, when and how many follow from a row's number, so that two fillings are alike and one can go on.

Of each family: two parents and a child, one number and its conversation, a plan, and so many appointments (two of them
to come), actions and messages.
"""

from __future__ import annotations

import psycopg

#: Families of one agency, and its workers, who have about 40 each.
TEAM, WORKERS = 500, 13
#: Families in one statement.
CHUNK = 1000

_AGENCIES = """
INSERT INTO agencies (id, external_id, name, jurisdiction, timezone, language, phone)
SELECT md5('agency' || n)::uuid, 'crowd-' || n, 'Crowd ' || n, 'uk-england', 'Europe/London', 'en', '+442079460100'
FROM generate_series(%(begin)s / %(team)s, (%(end)s - 1) / %(team)s) n ON CONFLICT DO NOTHING;
INSERT INTO workers (id, agency_id, external_id, name, email, role, password_hash, active)
SELECT md5('worker' || a || '-' || w)::uuid, md5('agency' || a)::uuid, 'w' || w, 'Worker ' || w,
       'w' || w || '.' || a || '@crowd.example', CASE WHEN w = 0 THEN 'manager' ELSE 'worker' END, '', true
FROM generate_series(%(begin)s / %(team)s, (%(end)s - 1) / %(team)s) a, generate_series(0, %(workers)s) w
ON CONFLICT DO NOTHING
"""
_FAMILIES = """
INSERT INTO families (id, agency_id, external_id, name)
SELECT md5('family' || n)::uuid, md5('agency' || n / %(team)s)::uuid, 'crowd-' || n, 'Crowd ' || n FROM {each};
INSERT INTO family_workers (family_id, worker_id, lead)
SELECT md5('family' || n)::uuid, md5('worker' || n / %(team)s || '-' || 1 + n %% %(workers)s)::uuid, true FROM {each};
INSERT INTO people (id, family_id, external_id, kind, first_name, last_name, born, language, wording,
                    may_name_children, contact_from, contact_until, contact_days, may_name_self, code_word,
                    use_code_word, phone_seen_by, phone_label, pin_hash, pin_tries, session_minutes)
SELECT md5('person' || n || '-' || p)::uuid, md5('family' || n)::uuid, 'p' || p,
       CASE WHEN p < 2 THEN 'parent' ELSE 'child' END, 'Person ' || p, 'Crowd',
       CASE WHEN p = 2 THEN date '2019-05-04' END, 'en', 'plain', true, '08:00', '20:00', '1234567', true, '', false,
       '', '', '', 0, 15
FROM {each}, generate_series(0, 2) p;
INSERT INTO contact_points (id, person_id, channel, address, state)
SELECT gen_random_uuid(), md5('person' || n || '-0')::uuid, 'sms', '+998' || lpad(n::text, 8, '0'), 'active'
FROM {each};
INSERT INTO conversations (id, channel, address, agency_id, person_id, language, created_at, last_inbound_at, state)
SELECT md5('talk' || n)::uuid, 'sms', '+998' || lpad(n::text, 8, '0'), md5('agency' || n / %(team)s)::uuid,
       md5('person' || n || '-0')::uuid, 'en', now() - interval '200 days', now() - n %% 900 * interval '1 hour', '{{}}'
FROM {each};
INSERT INTO plans (id, family_id, external_id, started_on, contingency)
SELECT md5('plan' || n)::uuid, md5('family' || n)::uuid, 'plan', current_date - 100, '' FROM {each};
INSERT INTO plan_children (plan_id, person_id)
SELECT md5('plan' || n)::uuid, md5('person' || n || '-2')::uuid FROM {each}
"""
_APPOINTMENTS = """
INSERT INTO appointments (id, family_id, external_id, kind, starts_at, ends_at, place, address, address_hidden, link,
                          bring, status)
SELECT md5('visit' || n || '-' || i)::uuid, md5('family' || n)::uuid, 'v' || i, 'home_visit',
       date_trunc('hour', now()) + (2 - i) * interval '7 days' + n %% 9 * interval '1 hour',
       date_trunc('hour', now()) + (2 - i) * interval '7 days' + (1 + n %% 9) * interval '1 hour',
       'Crowd Rooms', '', false, '', '', 'scheduled'
FROM {each}, generate_series(0, %(appointments)s - 1) i;
INSERT INTO attendees (id, appointment_id, person_id, name, role, concerns, answer, answer_words)
SELECT gen_random_uuid(), md5('visit' || n || '-' || i)::uuid,
       CASE WHEN p < 3 THEN md5('person' || n || '-' || p)::uuid END, CASE WHEN p = 3 THEN 'A colleague' ELSE '' END,
       CASE WHEN p = 3 THEN 'health visitor' ELSE '' END, p = 2, 'none', ''
FROM {each}, generate_series(0, %(appointments)s - 1) i, unnest(ARRAY[0, 2, 3]) p
"""
_ACTIONS = """
INSERT INTO plan_actions (id, plan_id, external_id, title, why, owner_person_id, owner_name, due_on, status,
                          blocked_reason, also_called)
SELECT gen_random_uuid(), md5('plan' || n)::uuid, 'a' || i, 'Something that was agreed, number ' || i,
       'so that the children are safe', md5('person' || n || '-' || i %% 2)::uuid, '', current_date + 30 - i * 9,
       (ARRAY['open', 'verified', 'verified', 'reported_done', 'dropped'])[1 + i %% 5], '', '[]'
FROM {each}, generate_series(0, %(actions)s - 1) i
"""
_MESSAGES = """
INSERT INTO inbound_messages (id, conversation_id, channel, external_id, body, payload, media, received_at, state,
                              settled_at, flag, door, turn_attempts, screened, safety_kind, safety_priority,
                              safety_reasons, intent)
SELECT gen_random_uuid(), md5('talk' || n)::uuid, 'sms', 'SMcrowd' || n || '-' || i,
       'when is my next meeting please, number ' || i, '', '[]', now() - i * interval '2 days', 'answered',
       now() - i * interval '2 days', '', '', 1, true, 'none', 'routine', '[]', 'check_appointment'
FROM {each}, generate_series(1, %(messages)s / 2) i;
INSERT INTO outbound_messages (id, conversation_id, channel, address, kind, body, options, created_at, due_at, state,
                               settled_at, provider_id, error)
SELECT gen_random_uuid(), md5('talk' || n)::uuid, 'sms', '+998' || lpad(n::text, 8, '0'), 'family',
       'Next: home visit, Thursday at 10:00 am. Reply 1 to say you will come.', '[]', now() - i * interval '2 days',
       now() - i * interval '2 days', 'delivered', now() - i * interval '2 days', 'SMout' || n || '-' || i, ''
FROM {each}, generate_series(1, %(messages)s / 2) i
"""


def fill(url: str, begin: int, end: int, *, appointments: int, actions: int, messages: int) -> None:
    """Families number ``begin`` to ``end`` (not itself), with so many rows each; then the tables are analysed."""
    with psycopg.connect(url, autocommit=True) as connection:
        for first in range(begin, end, CHUNK):
            each = f"generate_series({first}, {min(first + CHUNK, end) - 1}) n"
            values = {
                "begin": first, "end": min(first + CHUNK, end), "team": TEAM, "workers": WORKERS,
                "appointments": appointments, "actions": actions, "messages": messages,
            }  # fmt: skip
            for block in (_AGENCIES, _FAMILIES, _APPOINTMENTS, _ACTIONS, _MESSAGES):
                for statement in block.format(each=each).split(";\n"):
                    connection.execute(statement, values)  # type: ignore[arg-type]
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")  # what was filled is on the disk: no page waits for it
