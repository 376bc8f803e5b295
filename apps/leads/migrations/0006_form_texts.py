from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0005_former_identities")]

    operations = [migrations.AddField("form", "texts", models.JSONField(blank=True, default=dict))]
