from django.db import migrations

# What everybody last said, on their lead as well: the board shows it.
FILL = r"""
UPDATE leads_lead l SET last_said = left(btrim(regexp_replace(said.text, '\s+', ' ', 'g')), 200)
FROM (
    SELECT DISTINCT ON (c.lead_id) c.lead_id, m.text
    FROM conversations_conversation c JOIN conversations_message m ON m.conversation_id = c.id
    WHERE m.direction = 'in' AND m.text <> '' AND m.unsent_at IS NULL
    ORDER BY c.lead_id, m.at DESC, m.id DESC
) said WHERE said.lead_id = l.id
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0008_lately"), ("leads", "0004_standing")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
