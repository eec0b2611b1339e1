"""Managing people: who may, what nobody can do, and what an attacker with an account tries."""
from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts import management, services
from moviepoint.domains.accounts.models import Role, User
from moviepoint.domains.accounts.permissions import permissions
from moviepoint.domains.history.models import Revision
from moviepoint.hooks.types import Permission
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.errors import Conflict, Forbidden, Invalid
from moviepoint.kernel.policies import SYSTEM, granted, granted_in_part

LOCALES = ("en", "ru")
PAGES = ("/admin/users/", "/admin/users/1", "/admin/roles/")


#: What whoever registers may do.
TAKING_PART = {"community.take_part", "community.contribute", "media.upload:own"}


@pytest.fixture
def administrator(session: Session, make_user: Callable[..., User]) -> User:
    return make_user("administrator")


@pytest.fixture
def manager(session: Session, make_user: Callable[..., User]) -> User:
    """Make a member who may manage people and edit Russian texts, and nothing else."""
    user = make_user(email="manager@example.org")
    with unit_of_work() as work:
        user.roles = [Role(name="manager", permissions=["admin.access", management.MANAGE, "catalog.edit@ru"]),
                      role(session, "member")]
        work.flush()
    return user


def role(session: Session, name: str) -> Role:
    return session.scalars(select(Role).where(Role.name == name)).one()


def change(actor: User, user: User, roles: Collection[str], *, active: bool = True) -> None:
    with unit_of_work() as work:
        management.change_user(work, actor, user.id, name="Named", active=active, roles=roles)


def grant(actor: object, target: Role, *grants: str) -> None:
    with unit_of_work() as work:
        management.set_grants(work, actor, permissions(), LOCALES, target.id, grants)  # type: ignore[arg-type]


@pytest.mark.parametrize(("grants", "asked", "answers"), [
    (["catalog.edit"], {}, (True, True)), ([], {"own": True, "locale": "ru"}, (False, False)),
    (["catalog.edit@ru"], {"locale": "ru"}, (True, True)), (["catalog.edit@ru"], {"locale": "en"}, (False, True)),
    (["catalog.edit@ru"], {}, (False, True)), (["catalog.edit:own"], {"own": True}, (True, True)),
    (["catalog.edit:own"], {}, (False, True)), (["catalog.editors"], {}, (False, False))])
def test_grants_are_whole_or_narrowed(grants: list[str], asked: dict[str, object], answers: tuple[bool, bool]) -> None:
    assert (granted(grants, "catalog.edit", **asked), granted_in_part(grants, "catalog.edit")) == answers  # type: ignore[arg-type]


def test_the_standard_roles_are_there(session: Session) -> None:
    found = {row.name: set(row.permissions) for row in session.scalars(select(Role))}
    assert set(services.ROLES) <= found.keys()
    assert "catalog.edit:own" in found["contributor"]
    assert found["member"] == TAKING_PART
    assert {permission.name for permission in permissions()} <= found["administrator"]


def test_what_an_operator_has_taken_away_is_not_given_back(session: Session, administrator: User) -> None:
    grant(administrator, role(session, "editor"), "admin.access")
    with unit_of_work() as work:
        services.sync_roles(work, permissions())
    assert role(session, "editor").permissions == ["admin.access"]
    with unit_of_work() as work:
        services.sync_roles(work, [*permissions(), Permission("new.thing", "New", ("editor", "contributor:own"))])
    assert role(session, "editor").permissions == ["admin.access", "new.thing"]
    assert "new.thing:own" in role(session, "contributor").permissions


def test_a_role_that_an_update_brings_gets_its_usual_grants(session: Session) -> None:
    with unit_of_work() as work:
        work.delete(role(session, "contributor"))
        work.flush()
        services.sync_roles(work, permissions())
    assert set(role(session, "contributor").permissions) == {
        "admin.access", "catalog.edit:own", *TAKING_PART}


def test_an_administrator_changes_people_and_roles(session: Session, administrator: User,
                                                   make_user: Callable[..., User]) -> None:
    member = make_user("member")
    change(administrator, member, ["editor"])
    assert ([row.name for row in member.roles], member.name) == (["editor"], "Named")
    with unit_of_work() as work:
        made = management.save_role(work, administrator, "  Night Shift ")
    grant(administrator, made, "catalog.edit@ru", "catalog.edit:own")
    assert made.permissions == ["catalog.edit:own", "catalog.edit@ru"]
    trail = session.scalars(select(Revision).where(Revision.entity.in_(["user", "role"])).order_by(Revision.id)).all()
    assert [(row.entity, row.action) for row in trail] == [
        ("user", "changed"), ("role", "created"), ("role", "changed")]
    assert "password" not in str([row.document for row in trail])
    with unit_of_work() as work:
        management.delete_role(work, administrator, made.id)


def test_nobody_locks_the_house(session: Session, administrator: User) -> None:
    own = role(session, "administrator")
    for act in (lambda: change(administrator, administrator, ["administrator"], active=False),
                lambda: change(administrator, administrator, ["editor"]),
                lambda: grant(administrator, own, "admin.access"),
                lambda: grant(administrator, own, management.MANAGE)):
        with pytest.raises(Conflict):
            act()
        session.expire_all()
        assert administrator.active
        assert management.MANAGE in own.permissions


def test_nobody_gives_what_they_do_not_have(session: Session, manager: User, administrator: User,
                                            make_user: Callable[..., User]) -> None:
    member = make_user("member")
    for roles in (["administrator"], ["editor"], ["contributor"]):
        with pytest.raises(Forbidden):
            change(manager, member, roles)
        with pytest.raises(Forbidden):
            change(manager, manager, [*(row.name for row in manager.roles), *roles])
    for wanted in ("catalog.edit", "catalog.edit@en", "catalog.publish", "catalog.edit:own"):
        with pytest.raises(Forbidden):
            grant(manager, role(session, "manager"), "admin.access", management.MANAGE, wanted)
    grant(manager, role(session, "translator"), "admin.access", "catalog.edit@ru")
    change(manager, member, ["member", "manager"])
    session.expire_all()
    assert member.may("catalog.edit", locale="ru")
    assert not member.may("catalog.publish")


def test_nobody_shuts_out_or_weakens_who_may_more(session: Session, manager: User,
                                                  make_user: Callable[..., User]) -> None:
    make_user("administrator", email="first@example.org")
    second = make_user("administrator", email="second@example.org")
    for roles, active in ((["administrator"], False), ([], True), (["member"], True)):
        with pytest.raises(Forbidden):
            change(manager, second, roles, active=active)
    with pytest.raises(Forbidden):
        grant(manager, role(session, "editor"), "admin.access")
    session.expire_all()
    assert second.active
    assert "catalog.publish" in role(session, "editor").permissions


def test_the_matrix_keeps_what_it_does_not_show(client: FlaskClient, session: Session,
                                                sign_in: Callable[..., User]) -> None:
    sign_in("administrator")
    member = role(session, "member")
    with unit_of_work():
        member.permissions = ["gone.plugin"]
    client.post("/admin/roles/", data={f"shown:{member.id}": "1", f"grant:{member.id}": ["catalog.edit:own"]})
    session.expire_all()
    assert role(session, "member").permissions == ["catalog.edit:own", "gone.plugin"]


@pytest.mark.parametrize("wrong", ["root", "catalog.edit@xx", "catalog.publish:own", "catalog.publish@ru", "*", ""])
def test_grants_that_do_not_exist_are_refused(session: Session, wrong: str) -> None:
    with pytest.raises(Invalid):
        grant(SYSTEM, role(session, "editor"), wrong)


@pytest.mark.parametrize("name", ["", "  ", "<script>", "a" * 200, "-x", "a\nb/c"])
def test_names_of_roles_are_words(session: Session, name: str) -> None:
    with pytest.raises(Invalid), unit_of_work() as work:
        management.save_role(work, SYSTEM, name)


def test_roles_in_use_and_of_the_house_stay(session: Session, manager: User) -> None:
    for name in ("member", "manager"):
        with pytest.raises(Conflict), unit_of_work() as work:
            management.delete_role(work, SYSTEM, role(session, name).id)
    with pytest.raises(Conflict), unit_of_work() as work:
        management.save_role(work, SYSTEM, "Manager")


def test_only_managers_enter(client: FlaskClient, sign_in: Callable[..., User], administrator: User) -> None:
    assert {client.get(address).status_code for address in PAGES} == {302}
    sign_in("editor")
    assert {client.get(address).status_code for address in PAGES} == {403}
    for address in ("/admin/users/1", "/admin/roles/", "/admin/roles/new"):
        assert client.post(address, data={"roles": "administrator", "name": "x"}).status_code == 403
    client.delete_cookie("session")
    sign_in("administrator")
    assert {client.get(address).status_code for address in ("/admin/users/", "/admin/roles/")} == {200}
    assert client.get("/admin/users/999999").status_code == 404


def test_the_matrix_saves_what_is_ticked(client: FlaskClient, session: Session, sign_in: Callable[..., User]) -> None:
    sign_in("administrator")
    editor, member = role(session, "editor"), role(session, "member")
    client.post("/admin/roles/", data={f"shown:{member.id}": "1", f"grant:{member.id}": ["catalog.edit:own"]})
    session.expire_all()
    assert role(session, "member").permissions == ["catalog.edit:own"]
    assert "catalog.edit" in editor.permissions  # a column that was not shown is left alone
    page = client.get("/admin/roles/").text
    assert f'name="grant:{member.id}" value="catalog.edit:own" checked' in page


def test_somebody_who_is_shut_out_is_out_at_once(client: FlaskClient, session: Session,
                                                 sign_in: Callable[..., User], administrator: User) -> None:
    editor = sign_in("editor")
    assert client.get("/admin/titles/").status_code == 200
    change(administrator, editor, ["editor"], active=False)
    assert client.get("/admin/titles/").status_code == 302


def test_lists_of_users_cost_the_same_whatever_their_length(
        client: FlaskClient, session: Session, sign_in: Callable[..., User], make_user: Callable[..., User],
        count_queries: Callable[[], AbstractContextManager[list[str]]]) -> None:
    sign_in("administrator")
    costs = []
    for batch in range(2):
        for number in range(4):
            make_user("member", email=f"Viewer-{batch}-{number}@example.org")
        client.get("/admin/users/")
        session.expire_all()
        with count_queries() as statements:
            page = client.get("/admin/users/?q=viewer&active=yes&role=member").text
        costs.append(len(statements))
        assert page.count("iewer-") == 4 * (batch + 1)
    assert costs[1] <= costs[0] <= 8


def test_people_and_roles_as_resources(client: FlaskClient, session: Session, sign_in: Callable[..., User],
                                       make_user: Callable[..., User]) -> None:
    token = {"Authentication-Token": "x"}
    member = make_user("member", email="viewer@example.org")
    reads = ("/api/v1/users", f"/api/v1/users/{member.id}", "/api/v1/roles")
    assert {client.get(address).status_code for address in reads} == {401}
    sign_in("editor")
    assert {client.get(address).status_code for address in reads} == {403}
    assert client.patch(f"/api/v1/users/{member.id}", json={"roles": ["administrator"]},
                        headers=token).status_code == 403
    client.delete_cookie("session")
    sign_in("administrator")
    shown = client.get("/api/v1/users?q=viewer").json["results"]
    assert [row["email"] for row in shown] == ["viewer@example.org"]
    assert not {"password", "fs_uniquifier"} & shown[0].keys()
    changed = client.patch(f"/api/v1/users/{member.id}", json={"roles": ["editor"]}, headers=token).json
    assert (changed["roles"], changed["active"]) == (["editor"], True)
    for body in ({"password": "x"}, {"fs_uniquifier": "x"}, {"roles": "administrator"}, {"id": 1}):
        assert client.patch(f"/api/v1/users/{member.id}", json=body, headers=token).status_code == 422
    made = client.post("/api/v1/roles", json={"name": "night shift"}, headers=token).json
    granted_now = client.put(f"/api/v1/roles/{made['id']}/grants", json={"grants": ["catalog.edit@ru"]}, headers=token)
    assert granted_now.json["grants"] == ["catalog.edit@ru"]
    assert {"id": made["id"], "name": "night shift", "grants": ["catalog.edit@ru"]} in client.get("/api/v1/roles").json
    assert client.delete(f"/api/v1/roles/{made['id']}", headers=token).status_code == 204
