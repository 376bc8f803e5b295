"""Trigram search in every tenant; the extension lives once, in the public schema."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("organizations", "0001_initial")]

    operations = [TrigramExtension()]
