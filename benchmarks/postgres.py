"""Importing this starts a PostgreSQL of our own, with Switchboard's empty tables, for the parts that measure it.

It is thrown away at the end, and does not wait for the disk: figures of writing are those of the processor.
"""

import os

import django
from django.core.management import call_command

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
os.environ.setdefault("TEST_DATABASE", "postgres")
django.setup()
call_command("migrate", verbosity=0)
