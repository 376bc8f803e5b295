"""Who waits longest comes first; unread counts what needs a person; kept reasons hold no words of the program's."""

from django.db import migrations, models

# What the built-in assistant took the customer's words for stood before them: "order: trained: I want two".
_MEANT = (
    "trained|human|complaint|stop|order|contact|yes|no|greeting|thanks|goodbye|help|bot|hours|location|capabilities|"
    "search|which|fact|knowledge|unknown|more|cheaper|variant|item"
)
_MEND = f"""
UPDATE conversations_conversation SET
    escalation = CASE
        WHEN escalation LIKE 'ai_unavailable: %' THEN 'ai_unavailable'
        ELSE regexp_replace(escalation, '^(asked|complaint|order|stop|other): ({_MEANT}): ', '\\1: ')
    END
WHERE escalation <> '';
UPDATE conversations_conversation SET unread = 0 WHERE owner = 'bot' AND unread > 0;
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0009_last_said")]

    operations = [
        migrations.AlterField(
            model_name="conversation",
            name="owner",
            field=models.CharField(choices=[("bot", "Assistant"), ("human", "Person")], default="bot", max_length=5),
        ),
        migrations.RemoveIndex(model_name="conversation", name="inbox_waiting"),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("owner", "human"), ("status", "open"), ("waiting_since__isnull", False)),
                fields=["waiting_since", "id"],
                name="inbox_waiting",
            ),
        ),
        migrations.RunSQL(_MEND, migrations.RunSQL.noop),
    ]
