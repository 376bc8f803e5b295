"""Where settings come from: the real environment, then .env, then what the supervisor wrote for this run."""

import os
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = environ.Env()
for _file in (BASE_DIR / ".env",):
    if _file.is_file():
        env.read_env(str(_file))

DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / ".data"))).resolve()
# The embedded stack's addresses and secrets, so that `manage.py` in a second terminal finds them.
for _file in (DATA_DIR / "run.env", DATA_DIR / "secrets.env"):
    if _file.is_file():
        env.read_env(str(_file))
# The launcher's own: with it one could do everything to the embedded database.
os.environ.pop("POSTGRES_PASSWORD", None)
