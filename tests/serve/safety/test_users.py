"""Users, links and tokens: what each opens, and that it ends when it should."""

from __future__ import annotations

from datetime import timedelta

import pytest

from limner.errors import InputError
from limner.serve.safety.invites import first_admin_link
from limner.serve.safety.passwords import check_password, check_rules, hash_password
from limner.serve.safety.users import add_user, clean_name
from limner.serve.tables import Invite, Token, User, now
from tests.serve.conftest import PASSWORD


def _secret(link):
    return link.partition("#")[2]


def _accept(client, secret, name="root", password=PASSWORD):
    return client.post(f"/api/invites/{secret}", json={"name": name, "display": name.title(), "password": password})


def test_the_first_admin_comes_by_a_link_that_works_once(server):
    secret = _secret(first_admin_link(server.house, "http://127.0.0.1"))
    client = server.anyone()
    assert client.get(f"/api/invites/{secret}").json()["kind"] == "first-admin"
    assert _accept(client, secret, password="short").status_code == 400
    assert _accept(client, secret).json()["user"]["role"] == "admin"
    assert client.get("/api/users").status_code == 200
    assert _accept(server.anyone(), secret, "eve").status_code == 404
    assert first_admin_link(server.house, "http://127.0.0.1") is None


def test_a_new_start_voids_the_link_of_the_last(server):
    first, second = (_secret(first_admin_link(server.house, "http://127.0.0.1")) for _ in range(2))
    assert server.anyone().get(f"/api/invites/{first}").status_code == 404
    assert server.anyone().get(f"/api/invites/{second}").status_code == 200


def test_a_first_admin_link_opens_nothing_once_there_is_a_user(server):
    secret = _secret(first_admin_link(server.house, "http://127.0.0.1"))
    server.add_user("ann", "reader")
    assert _accept(server.anyone(), secret, "eve").status_code == 404


def test_an_invited_user_chooses_a_password(server):
    admin = server.person("admin")
    made = admin.post("/api/users", json={"name": "Ann", "display": "Ann  Chan", "role": "planner"})
    assert made.status_code == 201
    assert (
        made.json()["user"] | {"name": "ann", "display": "Ann Chan", "can_log_in": False, "invited": True}
        == (made.json()["user"])
    )
    assert made.json()["invite"]["link"].startswith("https://localhost/invite#")
    secret = _secret(made.json()["invite"]["link"])
    client = server.anyone()
    assert client.get(f"/api/invites/{secret}").json()["name"] == "ann"
    assert _accept(client, secret, "other").json()["user"]["name"] == "ann"
    again = admin.post("/api/users", json={"name": "ANN", "display": "Other", "role": "reader"})
    assert again.status_code == 409


@pytest.mark.parametrize("end", ["expired", "replaced", "inactive"])
def test_a_link_ends(server, end):
    admin = server.person("admin")
    made = admin.post("/api/users", json={"name": "ann", "display": "Ann", "role": "reader"}).json()
    secret, user_id = _secret(made["invite"]["link"]), made["user"]["id"]
    if end == "expired":
        with server.house.database.session() as db:
            db.query(Invite).one().expires = now() - timedelta(seconds=1)
    elif end == "replaced":
        assert admin.post(f"/api/users/{user_id}/invite").status_code == 201
    else:
        admin.patch(f"/api/users/{user_id}", json={"active": False})
        assert admin.post(f"/api/users/{user_id}/invite").status_code == 409
    assert _accept(server.anyone(), secret).status_code == 404


def test_a_reset_ends_what_was_begun_with_the_old_password(server):
    admin, ann = server.person("admin"), server.person("reader", "ann")
    user_id = ann.get("/api/session").json()["user"]["id"]
    secret = _secret(admin.post(f"/api/users/{user_id}/invite").json()["link"])
    assert ann.get("/api/people").status_code == 200, "nothing changes before the link is used"
    assert _accept(server.anyone(), secret, password="seven quiet herons walk").status_code == 200
    assert ann.get("/api/people").status_code == 401


@pytest.mark.parametrize("change", [{"role": "planner"}, {"active": False}], ids=str)
def test_a_change_of_rights_ends_sessions_and_tokens(server, change):
    admin, ann = server.person("admin"), server.person("reader", "ann")
    user_id = ann.get("/api/session").json()["user"]["id"]
    token = ann.post("/api/tokens", json={"name": "script", "scopes": ["read"]}).json()["secret"]
    program = server.anyone()
    program.headers["Authorization"] = f"Bearer {token}"
    assert program.get("/api/people").status_code == 200
    assert admin.patch(f"/api/users/{user_id}", json=change).status_code == 200
    assert ann.get("/api/people").status_code == 401
    assert program.get("/api/people").status_code == 401


@pytest.mark.parametrize("change", [{"role": "reader"}, {"active": False}], ids=str)
def test_the_last_admin_stays(server, change):
    admin = server.person("admin", "root")
    user_id = admin.get("/api/session").json()["user"]["id"]
    admin.post("/api/users", json={"name": "other", "display": "Never came", "role": "admin"})
    assert admin.patch(f"/api/users/{user_id}", json=change).status_code == 409
    server.add_user("second", "admin")
    assert admin.patch(f"/api/users/{user_id}", json=change).status_code == 200


def test_the_owner_of_what_scanners_send_is_not_to_be_had(server):
    department = server.add_user("department", "reader")
    admin = server.person("admin")
    assert admin.patch(f"/api/users/{department}", json={"role": "admin"}).status_code == 404
    assert admin.post(f"/api/users/{department}/invite").status_code == 404
    assert "department" not in admin.get("/api/users").text
    assert server.anyone().post("/api/session", json={"name": "department", "password": PASSWORD}).status_code == 401
    with pytest.raises(Exception, match="taken"), server.house.database.session() as db:
        add_user(db, "Department", "x", "reader")


def test_tokens_have_scopes_and_are_their_owners(server):
    ann, bob = server.person("reader", "ann"), server.person("planner", "bob")
    assert ann.post("/api/tokens", json={"name": "x", "scopes": ["admin"]}).status_code == 403
    made = ann.post("/api/tokens", json={"name": "x", "scopes": ["read", "write"]}).json()
    token_id, secret = made["token"]["id"], made["secret"]
    with server.house.database.reading() as db:
        assert secret not in {db.query(Token).one().hash, db.query(Token).one().name}
    program = server.anyone()
    program.headers["Authorization"] = f"bearer {secret}"
    assert program.get("/api/session").json()["user"]["name"] == "ann"
    assert program.post("/api/tokens", json={"name": "y", "scopes": ["read"]}).status_code == 403, "no token makes one"
    assert program.put("/api/session/password", json={"present": PASSWORD, "new": "x" * 20}).status_code == 403
    assert secret not in ann.get("/api/tokens").text
    assert bob.delete(f"/api/tokens/{token_id}").status_code == 404
    assert bob.get("/api/tokens").json()["total"] == 0
    assert ann.delete(f"/api/tokens/{token_id}").status_code == 204
    assert program.get("/api/people").status_code == 401


def test_a_token_expires(server):
    ann = server.person("reader", "ann")
    secret = ann.post("/api/tokens", json={"name": "x", "scopes": ["read"], "days": 1}).json()["secret"]
    with server.house.database.session() as db:
        db.query(Token).one().expires = now() - timedelta(seconds=1)
    program = server.anyone()
    program.headers["Authorization"] = f"Bearer {secret}"
    assert program.get("/api/people").status_code == 401


def test_people_are_the_others_who_are_active(server):
    admin, ann = server.person("admin", "root"), server.person("reader", "ann")
    bob = server.add_user("bob", "reader")
    assert [one["display"] for one in ann.get("/api/people").json()["items"]] == ["Bob", "Root"]
    admin.patch(f"/api/users/{bob}", json={"active": False})
    assert [one["display"] for one in ann.get("/api/people").json()["items"]] == ["Root"]


@pytest.mark.parametrize(
    "password",
    [
        "short", "password1234", "P@ssw0rd!2024", "qwertyuiop12", "123456789012", "aaaaaaaaaaaa", "annbannbannb",
        "ann-ann-1234", "admin-password", "zyxwvutsrqpo", "x" * 300, "tulip" * 3,
    ],
)  # fmt: skip
def test_what_guessers_try_first_is_refused_and_not_repeated(password):
    with pytest.raises(InputError) as told:
        check_rules(password, "ann", 12)
    assert password not in str(told.value)


@pytest.mark.parametrize(
    "password", [PASSWORD, "tulip verb cactus moss", "钥匙在花园的石头下面的盒子里", "aB3$kLm9!qRz"]
)
def test_long_passwords_of_one_s_own_are_taken(password):
    check_rules(password, "ann", 12)
    assert check_password(password, hash_password(password))


def test_a_password_is_the_same_from_every_keyboard():
    assert check_password("caf\u00e9 au lait noir", hash_password("cafe\u0301 au lait noir"))


def test_names_have_one_form():
    assert clean_name("  Ａnn.B ") == "ann.b"
    for bad in ("", " ", "a b", "a/b", "<b>", "a\nb", "a" * 81):
        with pytest.raises(InputError):
            clean_name(bad)


def test_no_answer_holds_a_password_hash(server):
    admin = server.person("admin")
    with server.house.database.reading() as db:
        encoded = db.query(User).first().password
    for path in ("/api/users", "/api/session", "/api/people", "/api/sessions", "/api/tokens"):
        assert encoded not in admin.get(path).text
