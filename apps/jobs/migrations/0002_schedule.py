"""The first schedule. From here on it belongs to the agency: it is edited in the admin and never overwritten."""

from django.db import migrations

NIGHTLY = (
    # name, kind, hour (UTC)
    ("Check every connected account", "integrations.check", 3),
    ("Delete old raw deliveries", "integrations.prune", 1),
    ("Delete old journal entries", "events.prune", 1),
    ("Delete old webhook deliveries", "webhooks_outbox.prune", 2),
)


def create(apps, schema_editor):
    task = apps.get_model("django_celery_beat", "PeriodicTask")
    interval, _new = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(
        every=2, period="seconds"
    )
    task.objects.get_or_create(
        name="Find due work",
        defaults={
            "task": "jobs.sweep",
            "interval": interval,
            "queue": "interactive",
            "expire_seconds": 10,
            "description": "The safety net under all nudges. Work is found within this time even if the broker lost everything.",
        },
    )
    crontabs = apps.get_model("django_celery_beat", "CrontabSchedule").objects
    for name, kind, hour in NIGHTLY:
        crontab, _new = crontabs.get_or_create(
            minute="0", hour=str(hour), day_of_week="*", day_of_month="*", month_of_year="*", timezone="UTC"
        )
        task.objects.get_or_create(
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
    dependencies = [
        ("jobs", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
