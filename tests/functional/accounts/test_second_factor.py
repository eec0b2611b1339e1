"""Codes, recovery codes and half finished sign-ins, as their owner uses them and as a thief would."""
from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from passlib.totp import TOTP
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts import second_factor
from moviepoint.domains.accounts.codes import FREE_GUESSES, RECOVERY_CODES
from moviepoint.domains.accounts.models import Role, User
from moviepoint.domains.accounts.signin_gate import MOST_PASSKEYS
from moviepoint.domains.accounts.signin_models import Passkey
from moviepoint.domains.history.models import Revision
from moviepoint.kernel.db import unit_of_work, utcnow
from moviepoint.kernel.errors import Forbidden

PASSWORD, NEW = "an unusually long sentence 7", "quite another long sentence 8"


class Person:
    """Somebody with a browser and an authenticator app."""

    def __init__(self, browser: FlaskClient, email: str) -> None:
        self.browser, self.email, self.key = browser, email, ""

    def code(self, steps: int = 0) -> str:
        """Return the app's code, so many steps of 30 seconds from now."""
        return str(TOTP(key=self.key, format="base32").generate(time.time() + 30 * steps).token)

    def set_up(self) -> None:
        """Set up the app by the site's own forms."""
        page = self.browser.post("/en/account/tf-setup", data={"setup": "authenticator"}).text
        self.key = re.search(r'class="secret">([^<]+)<', page)[1].replace("-", "").replace(" ", "")  # type: ignore[index]
        action = re.search(r'action="([^"]+)" method="post" name="two_factor_verify', page)[1]  # type: ignore[index]
        assert self.browser.post(action, data={"code": self.code(-1)}).status_code == 302

    def password(self, password: str = PASSWORD) -> str:
        """Give the password; returns where that leads."""
        answer = self.browser.post("/en/account/login", data={"email": self.email, "password": password})
        return str(answer.location or "")

    def answer(self, code: str) -> bool:
        """Give a code; says whether that signed in."""
        self.browser.post("/en/account/tf-validate", data={"code": code})
        return self.inside()

    def inside(self) -> bool:
        return self.browser.get("/api/v1/account/sessions").status_code == 200

    def leave(self) -> None:
        self.browser.post("/en/account/logout")


@pytest.fixture
def person(app: MoviePoint, client: FlaskClient, queue: list[object]) -> Callable[[str], Person]:
    """Return a function that registers somebody with a browser of their own; they stay signed in."""

    def register(email: str) -> Person:
        browser = app.test_client()
        browser.post("/en/account/register", data={"email": email, "password": PASSWORD,
                                                   "password_confirm": PASSWORD})
        return Person(browser, email)

    return register


@pytest.fixture
def owner(person: Callable[[str], Person]) -> Person:
    """Make somebody with an app, signed out."""
    somebody = person("owner@example.org")
    somebody.set_up()
    somebody.leave()
    return somebody


def user_of(session: Session, somebody: Person) -> User:
    session.expire_all()
    return session.scalars(select(User).where(User.email == somebody.email)).one()


def test_the_password_alone_no_longer_signs_in(owner: Person) -> None:
    assert "/account/tf-validate" in owner.password()
    assert not owner.inside()
    assert owner.answer(owner.code())


def test_json_sign_in_asks_for_the_code_too(owner: Person) -> None:
    answer = owner.browser.post("/en/account/login", json={"email": owner.email, "password": PASSWORD},
                                headers={"Accept": "application/json"})
    assert answer.json["response"]["tf_required"] is True
    assert "authentication_token" not in answer.text
    assert not owner.inside()


@pytest.mark.parametrize("code", ["", "000000", "abcdef", "1" * 500, "١٢٣٤٥٦", "' or 1=1", "\x00"])
def test_wrong_codes_are_refused(owner: Person, code: str) -> None:
    owner.password()
    assert not owner.answer(code)


def test_a_code_is_taken_once(owner: Person, app: MoviePoint) -> None:
    code = owner.code()
    owner.password()
    assert owner.answer(code)
    thief = Person(app.test_client(), owner.email)  # looked over the shoulder, knows the password
    thief.password()
    assert not thief.answer(code)
    thief.key = owner.key
    assert not thief.answer(thief.code(-1))  # nor one from before
    assert thief.answer(thief.code(1))


def test_the_code_of_the_setup_is_used_up_too(owner: Person) -> None:
    owner.password()
    assert not owner.answer(owner.code(-1))
    assert owner.answer(owner.code())


def test_a_code_of_somebody_else_is_worth_nothing(owner: Person, person: Callable[[str], Person]) -> None:
    other = person("other@example.org")
    other.set_up()
    owner.password()
    assert not owner.answer(other.code())
    assert not owner.answer(other.code(1))


def test_an_old_or_future_code_is_refused(owner: Person) -> None:
    owner.password()
    for steps in (-20, -3, 3, 20):
        assert not owner.answer(owner.code(steps))


def test_guesses_are_slowed_down_even_for_the_right_code(session: Session, owner: Person) -> None:
    owner.password()
    for _number in range(FREE_GUESSES):
        assert not owner.answer("000000")
    assert not owner.answer(owner.code())
    user = user_of(session, owner)
    assert user.code_failures == FREE_GUESSES  # what was not looked at counts for nothing
    assert user.codes_from is not None
    assert user.codes_from > utcnow()
    user.codes_from = utcnow()
    session.commit()
    assert owner.answer(owner.code())
    assert user_of(session, owner).code_failures == 0


def test_guessing_goes_on_counting_over_new_sign_ins(session: Session, owner: Person) -> None:
    for _number in range(FREE_GUESSES):
        owner.password()
        owner.browser.post("/en/account/mf-recovery", data={"code": "0000-0000-0000"})
    assert user_of(session, owner).codes_from is not None
    owner.password()
    assert not owner.answer(owner.code())


def test_a_half_finished_sign_in_opens_nothing(owner: Person) -> None:
    owner.password()
    for address in ("/en/account/security", "/en/account/tf-setup", "/en/account/mf-recovery-codes",
                    "/en/account/wan-register", "/en/account/change", "/admin/", "/en/account/verify"):
        assert owner.browser.get(address).status_code in (302, 401), address
        owner.password()
    for address in ("/api/v1/account/sign-in", "/api/v1/users"):
        assert owner.browser.get(address).status_code == 401
    answer = owner.browser.post("/en/account/tf-setup", data={"setup": "disable"})
    assert answer.status_code == 302
    owner.leave()
    assert "/account/tf-validate" in owner.password()


def test_a_half_finished_sign_in_runs_out(owner: Person) -> None:
    owner.password()
    with owner.browser.session_transaction() as cookie:
        assert time.time() - cookie["half_since"] < 60
        cookie["half_since"] -= 601
    assert not owner.answer(owner.code())
    owner.password()
    with owner.browser.session_transaction() as cookie:
        del cookie["half_since"]
    assert not owner.answer(owner.code())


def test_a_new_password_ends_a_half_finished_sign_in(session: Session, owner: Person, app: MoviePoint) -> None:
    thief = Person(app.test_client(), owner.email)
    thief.password()
    owner.password()
    assert owner.answer(owner.code())
    owner.browser.post("/en/account/change", data={"password": PASSWORD, "new_password": NEW,
                                                   "new_password_confirm": NEW})
    thief.key = owner.key
    assert not thief.answer(thief.code(1))


def test_a_reset_password_does_not_go_round_the_code(owner: Person, queue: list[tuple[str, dict[str, object]]]) -> None:
    owner.browser.post("/en/account/reset", data={"email": owner.email})
    link = re.search(r"https?://[^/\s]+(/\S+)", str(queue[-1][1]["body"]))[1]  # type: ignore[index]
    owner.browser.post(link, data={"password": NEW, "password_confirm": NEW})
    assert not owner.inside()
    owner.password(NEW)
    assert not owner.inside()
    assert owner.answer(owner.code())


def test_codes_are_not_sent_by_mail(owner: Person, queue: list[tuple[str, dict[str, object]]]) -> None:
    owner.password()
    queue.clear()
    answer = owner.browser.post("/en/account/tf-rescue", data={"help_setup": "email"})
    assert answer.status_code == 200
    assert queue == []


def test_a_setup_that_was_begun_as_oneself_cannot_be_ended_as_another(session: Session, owner: Person,
                                                                      person: Callable[[str], Person]) -> None:
    """The thief knows the owner's password. In one browser: a half finished sign-in as the owner, an account of
    their own, a setup there; then that session is ended elsewhere, and the setup's code is given."""
    thief = Person(owner.browser, owner.email)
    thief.password()
    own = Person(thief.browser, "thief@example.org")
    own.browser.post("/en/account/register", data={"email": own.email, "password": PASSWORD,
                                                   "password_confirm": PASSWORD})
    page = own.browser.post("/en/account/tf-setup", data={"setup": "authenticator"}).text
    own.key = re.search(r'class="secret">([^<]+)<', page)[1].replace("-", "").replace(" ", "")  # type: ignore[index]
    secret = user_of(session, owner).tf_totp_secret
    with own.browser.session_transaction() as cookie:
        assert "tf_user_id" not in cookie
        cookie["tf_user_id"] = user_of(session, owner).fs_uniquifier  # even if it were
        cookie["half_since"] = time.time()
        del cookie["_user_id"]
    assert not thief.answer(own.code())
    assert user_of(session, owner).tf_totp_secret == secret


def test_a_stale_session_cannot_keep_a_thiefs_device(session: Session, person: Callable[[str], Person]) -> None:
    victim, thief = person("victim@example.org"), person("thief@example.org")
    page = thief.browser.post("/en/account/tf-setup", data={"setup": "authenticator"}).text
    thief.key = re.search(r'class="secret">([^<]+)<', page)[1].replace("-", "").replace(" ", "")  # type: ignore[index]
    action = re.search(r'action="([^"]+)" method="post" name="two_factor_verify', page)[1]  # type: ignore[index]
    with victim.browser.session_transaction() as cookie:
        cookie["fs_paa"] = time.time() - 7200
        cookie.pop("fs_gexp", None)
    answer = victim.browser.post(action, data={"code": thief.code()})  # the thief's state in the victim's session
    assert "/account/verify" in answer.location
    assert user_of(session, victim).tf_totp_secret is None
    assert "/account/verify" in victim.browser.get("/en/account/tf-setup").location
    assert "/account/verify" in victim.browser.get("/en/account/mf-recovery-codes").location
    assert "/account/verify" in victim.browser.get("/en/account/wan-register").location


def test_recovery_codes_are_shown_once_and_taken_once(session: Session, owner: Person) -> None:
    owner.password()
    assert owner.answer(owner.code())
    page = owner.browser.post("/en/account/mf-recovery-codes", data={"generate_new_codes": "1"}).text
    codes = re.findall(r"<li><code>([0-9a-f-]+)</code></li>", page)
    assert len(set(codes)) == RECOVERY_CODES
    for address in ("", "?show_codes=1"):
        again = owner.browser.get(f"/en/account/mf-recovery-codes{address}").text
        assert not any(code in again for code in codes)
    told = owner.browser.get("/en/account/mf-recovery-codes", headers={"Accept": "application/json"})
    assert not any(code in told.text for code in codes)
    kept = user_of(session, owner).mf_recovery_codes
    assert kept
    assert not set(codes) & set(kept)
    for attempt, expected in ((codes[0].upper(), True), (codes[0], False), (codes[1].replace("-", " "), True)):
        owner.leave()
        owner.password()
        owner.browser.post("/en/account/mf-recovery", data={"code": attempt})
        assert owner.inside() is expected
    assert len(user_of(session, owner).mf_recovery_codes or ()) == RECOVERY_CODES - 2


def test_recovery_codes_of_somebody_else_or_from_before(owner: Person, person: Callable[[str], Person]) -> None:
    other = person("other@example.org")
    make = {"generate_new_codes": "1"}
    find = r"<li><code>([0-9a-f-]+)</code></li>"
    foreign = re.findall(find, other.browser.post("/en/account/mf-recovery-codes", data=make).text)
    owner.password()
    assert owner.answer(owner.code())
    old = re.findall(find, owner.browser.post("/en/account/mf-recovery-codes", data=make).text)
    owner.browser.post("/en/account/mf-recovery-codes", data=make)
    owner.leave()
    for code in (foreign[0], old[0], "", "-"):
        owner.password()
        owner.browser.post("/en/account/mf-recovery", data={"code": code})
        assert not owner.inside()


def test_a_new_factor_ends_sessions_that_began_without_it(app: MoviePoint, person: Callable[[str], Person]) -> None:
    here = person("two@example.org")
    thief = Person(app.test_client(), here.email)
    thief.password()
    assert thief.inside()
    here.set_up()
    assert here.inside()
    assert not thief.inside()


def test_setting_up_leaves_history_and_no_secret(session: Session, owner: Person, client: FlaskClient,
                                                 sign_in: Callable[..., User]) -> None:
    user = user_of(session, owner)
    actions = session.scalars(select(Revision.action).where(Revision.entity_id == user.id, Revision.entity == "user"))
    assert "second_factor_added" in list(actions)
    assert owner.key not in (user.tf_totp_secret or "")
    assert '"enckey"' in (user.tf_totp_secret or "")
    sign_in("administrator")
    for address in (f"/api/v1/users/{user.id}", f"/admin/users/{user.id}", "/api/v1/revisions", "/api/v1/users"):
        text = client.get(address).text
        assert owner.key not in text, address
        assert (user.tf_totp_secret or "x" * 99) not in text, address
    assert not {"tf_totp_secret", "mf_recovery_codes"} & client.get(f"/api/v1/users/{user.id}").json.keys()


def test_the_owner_can_do_without_again(session: Session, owner: Person) -> None:
    owner.password()
    assert owner.answer(owner.code())
    assert owner.browser.post("/en/account/tf-setup", data={"setup": "disable"}).status_code == 302
    owner.leave()
    owner.password()
    assert owner.inside()


def test_nobody_takes_away_their_own_without_being_asked_again(session: Session, client: FlaskClient,
                                                               sign_in: Callable[..., User]) -> None:
    """Somebody at an open session of another's must not get past what guards the next sign-in."""
    user = sign_in("administrator")
    user.tf_primary_method, user.tf_totp_secret = "authenticator", "kept"
    session.commit()
    assert client.delete(f"/api/v1/users/{user.id}/second-factor").status_code == 403
    client.post(f"/admin/users/{user.id}/second-factor/reset")
    session.expire_all()
    assert user.tf_totp_secret == "kept"


def test_an_administrator_resets_the_second_factor(session: Session, owner: Person, client: FlaskClient,
                                                   sign_in: Callable[..., User]) -> None:
    owner.password()
    assert owner.answer(owner.code())
    user = user_of(session, owner)
    user.webauthn.append(Passkey(name="key", credential_id=b"1", public_key=b"2", device_type="single_device",
                                 usage="secondary"))
    session.commit()
    sign_in("administrator")
    assert client.post(f"/admin/users/{user.id}/second-factor/reset").status_code == 302
    assert not owner.inside()
    user = user_of(session, owner)
    assert (user.tf_totp_secret, user.mf_recovery_codes, user.webauthn) == (None, None, [])
    assert session.scalars(select(Passkey)).all() == []
    last = session.scalars(select(Revision).order_by(Revision.id.desc()).limit(1)).one()
    assert (last.action, last.entity_id) == ("second_factor_reset", user.id)
    owner.password()
    assert owner.inside()


def test_nobody_resets_who_may_more(session: Session, make_user: Callable[..., User]) -> None:
    manager, administrator = make_user(email="manager@example.org"), make_user("administrator")
    manager.roles = [Role(name="manager", permissions=["admin.access", "accounts.manage"])]
    session.commit()
    with pytest.raises(Forbidden), unit_of_work() as work:
        second_factor.reset(work, manager, administrator.id)


@pytest.fixture
def strict(app: MoviePoint) -> object:
    """Ask for a second factor in the back office."""
    before = app.extensions["moviepoint.settings"]
    app.extensions["moviepoint.settings"] = type(before)(
        **{name: getattr(before, name) for name in before.__struct_fields__} | {"back_office_second_factor": True})
    yield
    app.extensions["moviepoint.settings"] = before


@pytest.mark.usefixtures("strict")
def test_the_back_office_asks_for_a_second_factor(session: Session, client: FlaskClient,
                                                  sign_in: Callable[..., User]) -> None:
    user = sign_in("administrator")
    for address in ("/admin/", "/admin", "/admin/users/", "/admin/users/1"):
        page = client.get(address)
        assert page.status_code == 403, address
        assert "/account/security" in page.text
    told = client.get("/api/v1/users")
    assert (told.status_code, told.json["code"]) == (403, "second-factor-needed")
    assert client.delete(f"/api/v1/users/{user.id}/sessions").status_code == 403
    assert client.get("/en/account/security").status_code == 200
    assert client.get("/api/v1/account/sessions").status_code == 200
    assert client.get("/en/").status_code == 200
    user.webauthn.append(Passkey(name="key", credential_id=b"1", public_key=b"2", device_type="single_device",
                                 usage="first"))
    session.commit()
    assert client.get("/admin/").status_code == 403  # the password alone still gets in
    user.webauthn[0].usage = "secondary"
    session.commit()
    assert client.get("/admin/").status_code == 200
    assert client.get("/api/v1/users").status_code == 200


@pytest.mark.usefixtures("strict")
def test_members_and_visitors_need_none(client: FlaskClient, sign_in: Callable[..., User]) -> None:
    assert client.get("/admin/").status_code == 302
    assert client.get("/api/v1/genres").status_code == 200
    sign_in("member")
    assert client.get("/api/v1/genres").status_code == 200


@pytest.mark.parametrize("page", ["login", "tf-setup", "mf-recovery-codes", "wan-register", "security", "verify",
                                  "wan-verify"])
@pytest.mark.parametrize("locale", ["en", "ru"])
def test_the_pages_are_ours_in_both_languages(client: FlaskClient, sign_in: Callable[..., User], page: str,
                                              locale: str) -> None:
    if page != "login":
        sign_in()
    text = client.get(f"/{locale}/account/{page}").text
    assert 'class="site-header"' in text
    assert f'<html lang="{locale}"' in text
    assert "fs-" not in text  # nothing of the shipped templates
    assert (re.search("[а-яё]", text.split("<main")[1].split("</main>")[0]) is not None) is (locale == "ru")


def test_the_qr_code_is_in_the_page_and_within_the_policy(client: FlaskClient, sign_in: Callable[..., User]) -> None:
    sign_in()
    answer = client.post("/en/account/tf-setup", data={"setup": "authenticator"})
    assert re.search(r'<img class="qr" src="data:image/svg\+xml;base64,[A-Za-z0-9+/=]{400,}"', answer.text)
    assert "img-src 'self' data:" in answer.headers["Content-Security-Policy"]


def test_passkeys_do_not_grow_without_end(session: Session, client: FlaskClient, sign_in: Callable[..., User]) -> None:
    user = sign_in()
    asked = {"name": "One more", "usage": "first"}
    assert "data-passkey=" in client.post("/en/account/wan-register", data=asked).text
    for number in range(MOST_PASSKEYS):
        user.webauthn.append(Passkey(name=f"key {number}", credential_id=bytes([number]), public_key=b"2",
                                     device_type="single_device", usage="first"))
    session.commit()
    answer = client.post("/en/account/wan-register", data=asked).text
    assert "data-passkey=" not in answer
    assert "as many passkeys" in answer
