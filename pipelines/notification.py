"""Who is told how a scheduled run ended, and in which words."""

import logging

from connectors.errors import NoticeNotSent
from connectors.notices import Letter, MailServer, post, send_letter
from pipelines.errors import PipelineError
from pipelines.job_words import LINES, job_lines
from pipelines.outcomes import Outcome
from pipelines.settings import Settings, secret_named
from pipelines.texts import Texts, texts

_log = logging.getLogger("identity_sync.notification")


def notify(settings: Settings, outcome: Outcome) -> list[str]:
    """Tell by every channel that the settings name; one that fails is logged, and keeps neither the others nor the run.

    Returns:
        What went wrong, a line for each channel that failed.
    """
    if outcome.well and settings.notify == "problems":
        return []
    failed = []
    for send in (_by_mail, _by_webhook):
        try:
            send(settings, outcome)
        except (NoticeNotSent, PipelineError) as error:
            _log.error("%s", error)
            failed.append(str(error))
    return failed


def _by_mail(settings: Settings, outcome: Outcome) -> None:
    if not settings.notify_email:
        return
    password = secret_named(settings, "smtp_password") or ""
    server = MailServer(
        settings.smtp_host, settings.smtp_port, settings.smtp_security, settings.smtp_user, password
    )
    subject, *lines = in_words(outcome, texts(settings.language))
    text = "\n".join(lines) + "\n"
    send_letter(server, Letter(settings.notify_email_from, settings.notify_email, subject, text))


def _by_webhook(settings: Settings, outcome: Outcome) -> None:
    address = secret_named(settings, "notify_webhook")
    if address is not None:
        # chat services show `text`, programs read the rest
        told = "\n".join(in_words(outcome, texts(settings.language)))
        post(address, {"text": told, **outcome.as_payload()})


def in_words(outcome: Outcome, text: Texts) -> list[str]:
    """The subject, then line by line what was done and what to do."""
    job, state = text(f"notice.job.{outcome.job}"), text(f"notice.state.{outcome.state}")
    lines = [text("notice.subject", job=job, state=state), text("notice.run", run=outcome.run)]
    lines += [
        text(f"notice.partitions.{one}", count=text.number(count))
        for one, count in sorted(outcome.partitions.items())
    ]
    if outcome.job in LINES:
        lines += job_lines(outcome.job, outcome.counts, text)
    else:
        lines += [
            text(f"notice.count.{one}", count=text.number(count)) for one, count in outcome.counts.items()
        ]
    return [*lines, "", text(f"notice.do.{outcome.state}", run=outcome.run)]
