"""Settings by topic; each module holds what one person would look for in one place."""

from .base import *  # noqa: F403
from .database import *  # noqa: F403
from .accounts import *  # noqa: F403
from .api import *  # noqa: F403
from .background import *  # noqa: F403
from .language import *  # noqa: F403
from .logging import *  # noqa: F403
from .mail import *  # noqa: F403
from .security import *  # noqa: F403
from .vendors import *  # noqa: F403
