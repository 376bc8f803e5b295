"""Organizations that chose no color of their own bear the product's."""

import django.core.validators
from django.db import migrations, models

BEFORE, NOW = "#3b5bdb", "#0b6477"


def follow(apps, _schema_editor):
    apps.get_model("organizations", "Organization").objects.filter(accent=BEFORE).update(accent=NOW)


class Migration(migrations.Migration):
    dependencies = [("organizations", "0003_store_deliveries")]

    operations = [
        migrations.AlterField(
            model_name="organization",
            name="accent",
            field=models.CharField(
                default=NOW,
                max_length=7,
                validators=[django.core.validators.RegexValidator("^#[0-9a-fA-F]{6}\\Z", "A color such as #3b5bdb.")],
                verbose_name="color",
            ),
        ),
        migrations.RunPython(follow, migrations.RunPython.noop),
    ]
