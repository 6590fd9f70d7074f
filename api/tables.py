"""All tables in one import, for migrations and for relationships between packages."""

from api.access import models as access
from api.appointments import models as appointments
from api.audit import models as audit
from api.channels.push import models as push
from api.conferences import models as conferences
from api.database import Base
from api.demo import models as demo
from api.directory import models as directory
from api.earlier import models as earlier
from api.escalations import models as escalations
from api.evidence import models as evidence
from api.families import models as families
from api.messages import models as messages
from api.ops import models as ops
from api.plans import models as plans
from api.presence import models as presence
from api.protection import models as protection
from api.reminders import models as reminders
from api.reviews import models as reviews
from api.timescales import models as timescales
from api.views import models as views
from api.webhooks import models as webhooks

metadata = Base.metadata

__all__ = [
    "access",
    "appointments",
    "audit",
    "conferences",
    "demo",
    "directory",
    "earlier",
    "escalations",
    "evidence",
    "families",
    "messages",
    "metadata",
    "ops",
    "plans",
    "presence",
    "protection",
    "push",
    "reminders",
    "reviews",
    "timescales",
    "views",
    "webhooks",
]
