from django.db import connection, migrations, models


def fill(apps, _schema_editor):
    """Count everybody who is there already, each in the day when they were met, where the organization is."""
    organization = apps.get_model("organizations", "Organization").objects.filter(schema_name=connection.schema_name)
    zone = organization.values_list("timezone", flat=True).first() or "UTC"
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO analytics_standing (lead_id, day, stage)"
            " SELECT id, (created_at AT TIME ZONE %s)::date, furthest FROM leads_lead WHERE deleted_at IS NULL"
            " ON CONFLICT DO NOTHING",
            [zone],
        )
        cursor.execute(
            "INSERT INTO analytics_tally (day, metric, split, count, total)"
            " SELECT day, 'lead.furthest', stage, count(*), 0 FROM analytics_standing GROUP BY day, stage"
        )
        # What was counted as "entered this stage on this day" is asked for no more.
        cursor.execute("DELETE FROM analytics_tally WHERE metric = 'lead.stage'")


class Migration(migrations.Migration):
    dependencies = [("analytics", "0001_initial"), ("leads", "0004_standing"), ("organizations", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Standing",
            fields=[
                ("lead_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("day", models.DateField()),
                ("stage", models.CharField(blank=True, default="", max_length=10)),
            ],
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
