from django.db import migrations, models

STAGES = [
    ("new", "New"),
    ("contacted", "Contacted"),
    ("qualified", "Qualified"),
    ("converted", "Converted"),
    ("won", "Won"),
    ("lost", "Lost"),
]
# The furthest stage that a lead's timeline, or the lead itself, names.
FILL = """
WITH path(stage, step) AS (VALUES ('new', 0), ('contacted', 1), ('qualified', 2), ('converted', 3), ('won', 4)),
stood AS (
    SELECT id AS lead_id, stage FROM leads_lead
    UNION ALL
    SELECT lead_id, unnest(ARRAY[data->>'from', data->>'to']) FROM leads_activity WHERE kind = 'stage'
),
far AS (SELECT lead_id, max(step) AS step FROM stood JOIN path USING (stage) GROUP BY lead_id)
UPDATE leads_lead l SET furthest = path.stage FROM far JOIN path USING (step)
WHERE far.lead_id = l.id AND l.furthest <> path.stage;
UPDATE leads_lead SET wants = left(fields->>'interest', 200) WHERE fields ? 'interest';
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0003_words")]

    operations = [
        migrations.AddField("lead", "furthest", models.CharField(choices=STAGES, default="new", max_length=10)),
        migrations.AddField(
            "lead", "wants", models.CharField(blank=True, default="", max_length=200, verbose_name="wants")
        ),
        migrations.AddField("lead", "last_said", models.CharField(blank=True, default="", max_length=200)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            "lead",
            models.Index(
                fields=["id"],
                name="lead_unattended",
                condition=models.Q(
                    deleted_at=None,
                    owner=None,
                    label="hot",
                    stage__in=["new", "contacted", "qualified", "converted"],
                ),
            ),
        ),
    ]
