"""What an appointment said before it was changed: time, place, what to bring and who was expected stay to be read."""

from __future__ import annotations

from datetime import timedelta

from fastapi.testclient import TestClient

from api.database import reading
from tests.small_town import Town


def test_a_place_and_a_time_that_were_changed_stay_to_be_read_with_who_changed_them(
    client: TestClient, town: Town
) -> None:
    one, me = town.mine.appointment, town.program(town.worker)
    address = f"/api/v1/appointments/{one.id}"
    later = (one.starts_at + timedelta(days=1)).isoformat()
    assert client.patch(address, json={"place": "Elm rooms", "bring": "the red book"}, headers=me).status_code == 200
    assert client.patch(address, json={"place": "Elm rooms"}, headers=me).status_code == 200, "as it was: not kept"
    guests = [{"person_id": str(town.mine.parent.id)}, {"name": "Jo Fielding", "role": "health visitor"}]
    moved = client.patch(address, json={"starts_at": later, "attendees": guests}, headers=town.program(town.manager))
    assert moved.status_code == 200, moved.text
    assert client.patch(address, json={"status": "cancelled"}, headers=me).status_code == 200
    kept = client.get(f"{address}/versions", headers=me).json()
    assert [(one["what"], one["changed_by"]) for one in kept["items"]] == [
        ("cancelled", "Lena Worker"), ("moved", "Mona Worker"), ("changed", "Lena Worker"),
    ]  # fmt: skip
    first, move = kept["items"][2], kept["items"][1]
    assert first["before"]["record"]["place"] == "Ash rooms"
    assert first["changes"][0]["fields"] == {"place": ["Ash rooms", "Elm rooms"], "bring": ["", "the red book"]}
    assert move["before"]["attendees"][str(town.mine.parent.id)]["answer"] == "cannot_come"
    assert ("attendees", "added", "Jo Fielding") in {(c["part"], c["what"], c["name"]) for c in move["changes"]}
    client.cookies.update(town.signed_in(town.worker))
    page = client.get(f"/console/appointments/{one.id}").text
    for words in ("What it said before", "Ash rooms → Elm rooms", "Moved", "Called off", "Mona Worker"):
        assert words in page, words
    with reading() as session:
        stored = str(session.connection().exec_driver_sql("SELECT content FROM earlier_versions").all())
    assert "Ash rooms" not in stored
