from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0004_standing")]

    operations = [migrations.AddField("form", "texts", models.JSONField(blank=True, default=dict))]
