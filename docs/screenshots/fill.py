"""A process of its own that fills the scratch database and prints the ids that the pictures' addresses need."""

import django
from django.utils import timezone

if __name__ == "__main__":
    django.setup()

    from docs.screenshots.world import fill
    from routing.models import Rule, Schedule

    fill(timezone.now())
    print(f"rule={Rule.objects.get(key='whitening').pk} schedule={Schedule.objects.get(key='practice').pk}")
