"""What the console calls things: rights, queues, schedules."""

from __future__ import annotations

from typing import Any

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from ..actors import CONSOLE, Can

# What staff can be given, in the order in which it is offered.
RIGHTS: dict[Can, Any] = {
    Can.SEE_ORGANIZATIONS: gettext_lazy("See organizations, their figures and their people"),
    Can.MAKE_ORGANIZATIONS: gettext_lazy("Make organizations"),
    Can.CHANGE_ORGANIZATION: gettext_lazy("Change an organization's name, budgets, look and region"),
    Can.KEEP_DOMAINS: gettext_lazy("Add, change and remove host names"),
    Can.MANAGE_PEOPLE: gettext_lazy("Let people into organizations, change their roles, take them out"),
    Can.PAUSE_ORGANIZATIONS: gettext_lazy("Pause organizations and switch them on again"),
    Can.ENTER_ORGANIZATIONS: gettext_lazy("Enter organizations as staff"),
    Can.SEE_ACCOUNTS: gettext_lazy("See people's accounts"),
    Can.KEEP_ACCOUNTS: gettext_lazy("Make accounts, change names and languages"),
    Can.RESCUE_ACCOUNTS: gettext_lazy("Give people another e-mail address or password"),
    Can.SWITCH_ACCOUNTS: gettext_lazy("Deactivate accounts and let people sign in again"),
    Can.SEE_USAGE: gettext_lazy("See what was used and what it cost"),
    Can.SEE_UNROUTED: gettext_lazy("See deliveries that belong to nobody, with what is in them"),
    Can.ROUTE_AGAIN: gettext_lazy("Route such deliveries again, or put them aside"),
    Can.SEE_JOBS: gettext_lazy("See jobs"),
    Can.RUN_JOBS: gettext_lazy("Have jobs done again"),
    Can.SEE_SCHEDULES: gettext_lazy("See schedules"),
    Can.KEEP_SCHEDULES: gettext_lazy("Change schedules"),
    Can.SEE_ENTRIES: gettext_lazy("See who of the staff entered which organization"),
    Can.SEE_LOG: gettext_lazy("See the activity log"),
}
assert RIGHTS.keys() | {Can.MAKE_STAFF} == CONSOLE.keys()

QUEUES = {
    "interactive": gettext_lazy("People wait for it"),
    "ai": gettext_lazy("Asks an AI"),
    "integrations": gettext_lazy("Talks to other services"),
    "bulk": gettext_lazy("In the background"),
}

# The names of schedules stand in the database (apps/jobs/migrations), in English; these are all that we made.
SCHEDULES = (
    gettext_noop("Find due work"),
    gettext_noop("Check every connected account"),
    gettext_noop("Delete old raw deliveries"),
    gettext_noop("Delete old journal entries"),
    gettext_noop("Delete old webhook deliveries"),
    gettext_noop("Let the scores of quiet leads cool"),
    gettext_noop("Delete files that nobody sent"),
    gettext_noop("Delete what lies on simulated phones"),
    gettext_noop("The safety net under all nudges. Work is found within this time even if the broker lost everything."),
    gettext_noop("For every organization, spread over an hour."),
)


def is_daily(when: CrontabSchedule) -> bool:
    """Whether it is one time of every day."""
    everyday = (when.day_of_week, when.day_of_month, when.month_of_year) == ("*", "*", "*")
    return everyday and when.minute.isdecimal() and when.hour.isdecimal()


def schedule(task: PeriodicTask) -> str:
    """When it runs, as a sentence: "every 5 minutes", "each night at 03:10 (UTC)"."""
    if task.interval:
        return interval(task.interval)
    return crontab(task.crontab) if task.crontab else _("once")


def interval(every: IntervalSchedule) -> str:
    count = every.every
    if every.period == IntervalSchedule.DAYS:
        return ngettext("every day", "every %(count)s days", count) % {"count": count}
    if every.period == IntervalSchedule.HOURS:
        return ngettext("every hour", "every %(count)s hours", count) % {"count": count}
    if every.period == IntervalSchedule.MINUTES:
        return ngettext("every minute", "every %(count)s minutes", count) % {"count": count}
    if every.period == IntervalSchedule.SECONDS:
        return ngettext("every second", "every %(count)s seconds", count) % {"count": count}
    return _("many times a second")


def crontab(when: CrontabSchedule) -> str:
    """In words where it is one of the forms that people use; else as the five fields themselves."""
    days = (when.day_of_week, when.day_of_month, when.month_of_year)
    if when.minute.isdecimal() and when.hour.isdecimal() and days[2] == "*":
        at = {"time": f"{int(when.hour):02}:{int(when.minute):02} ({when.timezone})"}
        if days[:2] == ("*", "*"):
            return (_("each night at %(time)s") if int(when.hour) < 6 else _("each day at %(time)s")) % at
        if days[1] == "*" and days[0].isdecimal():
            name = WEEKDAYS[(int(days[0]) - 1) % 7]
            return _("each %(day)s at %(time)s") % {**at, "day": name}
        if days[0] == "*" and days[1].isdecimal():
            return _("on day %(day)s of each month at %(time)s") % {**at, "day": days[1]}
    if (when.hour, *days) == ("*", "*", "*", "*"):
        if when.minute.isdecimal():
            return _("each hour, %(minute)s minutes past") % {"minute": int(when.minute)}
        if when.minute.startswith("*/") and when.minute[2:].isdecimal():
            count = int(when.minute[2:])
            return ngettext("every minute", "every %(count)s minutes", count) % {"count": count}
    return f"{when.minute} {when.hour} {when.day_of_month} {when.month_of_year} {when.day_of_week} ({when.timezone})"
