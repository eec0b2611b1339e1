"""A mail as every server and program takes it: bodies of seven bits, and headers whose addresses stay whole."""
from __future__ import annotations

from email import policy
from email.charset import QP, Charset
from email.header import Header
from email.mime.base import MIMEBase
from email.mime.text import MIMEText

from flask_mail import Message


class Mail(Message):
    """Flask-Mail's message, written otherwise.

    Its own bodies are UTF-8 as it is, which needs 8BITMIME all the way; here they are quoted-printable. Its own policy
    writes a long address in a header as an encoded word, which no mail program follows (List-Unsubscribe).
    """

    def _mimetext(self, text: str | None, subtype: str = "plain") -> MIMEText:
        charset = Charset("utf-8")
        charset.body_encoding = QP
        return MIMEText(text or "", subtype, charset)  # type: ignore[arg-type]

    def _message(self) -> MIMEBase:
        message = super()._message()
        message.policy = policy.compat32.clone(linesep="\r\n")  # type: ignore[assignment]
        if self.subject and not self.subject.isascii():
            message.replace_header("Subject", Header(self.subject, "utf-8", header_name="Subject"))  # type: ignore[arg-type]
        return message
