"""Work outside requests: Celery carries wake-ups; what must happen stands in the jobs table."""

from .env import env

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", "redis://127.0.0.1:6379/0")
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 270
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 330,  # longer than the longest task
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "retry_on_timeout": False,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
# The schedule itself stands in the database (apps/jobs/migrations/0002_schedule.py) and is edited in the admin.
CELERY_TASK_DEFAULT_QUEUE = "interactive"
CELERY_WORKER_SEND_TASK_EVENTS = False

# How many drains of one queue may run at once in one worker process, so that slow
# language models never keep a message from arriving.
JOBS_CONCURRENCY = {"interactive": 4, "ai": 4, "integrations": 2, "bulk": 1}
# So long after its last sign of life a worker's jobs are taken over; it gives one every quarter of that.
JOBS_LEASE_SECONDS = env.float("JOBS_LEASE_SECONDS", 12.0)
# Tests run due jobs themselves.
JOBS_NUDGE = env.bool("JOBS_NUDGE", True)
# Seconds of quiet after a customer's last message before the agent answers.
REPLY_QUIET_SECONDS = env.float("REPLY_QUIET_SECONDS", 2.0)
