"""The nightly broom. From here on the schedule belongs to the agency: it is edited in the admin."""

from django.db import migrations

NAME = "Delete what lies on simulated phones"


def create(apps, schema_editor):
    crontab, _new = apps.get_model("django_celery_beat", "CrontabSchedule").objects.get_or_create(
        minute="0", hour="2", day_of_week="*", day_of_month="*", month_of_year="*", timezone="UTC"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
        name=NAME,
        defaults={
            "task": "jobs.each_tenant",
            "args": '["simulator.prune"]',
            "crontab": crontab,
            "queue": "bulk",
            "expire_seconds": 6 * 3600,
            "description": "For every organization, spread over an hour.",
        },
    )


class Migration(migrations.Migration):
    dependencies = [
        ("simulator", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
