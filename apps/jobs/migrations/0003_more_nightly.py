"""Nightly work that each organization used to promise itself: one place plans all of it."""

from django.db import migrations

NIGHTLY = (
    # name, kind, hour (UTC)
    ("Let the scores of quiet leads cool", "leads.cool", 0),
    ("Delete files that nobody sent", "conversations.sweep", 2),
)


def create(apps, schema_editor):
    for name, kind, hour in NIGHTLY:
        crontab, _new = apps.get_model("django_celery_beat", "CrontabSchedule").objects.get_or_create(
            minute="0", hour=str(hour), day_of_week="*", day_of_month="*", month_of_year="*", timezone="UTC"
        )
        apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
            name=name,
            defaults={
                "task": "jobs.each_tenant",
                "args": f'["{kind}"]',
                "crontab": crontab,
                "queue": "bulk",
                "expire_seconds": 6 * 3600,
                "description": "For every organization, spread over an hour.",
            },
        )


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_schedule")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
