"""What the person starting Frontdesk chose: the environment, with `.env` in the project's folder below it."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from .folder import is_free, read_env_file
from .problems import Problem

PROJECT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Choices:
    data_dir: Path
    host: str
    port: int
    base_domain: str
    https: bool
    database_url: str
    broker_url: str

    @property
    def is_local(self) -> bool:
        """On somebody's own machine: nobody else can come here."""
        name, own = self.base_domain, {"127.0.0.1", "::1", "localhost"}
        return (name == "localhost" or name.endswith(".localhost")) and self.host in own and not self.https

    def check_port(self) -> None:
        """`Problem` if the web server could not listen where it is told to."""
        if is_free(self.host, self.port):
            return
        if self.port < 1024 and os.geteuid() != 0:
            raise Problem(f"Port {self.port} may only be used by root; choose another: make run PORT=8001")
        if not is_free(self.host, 0):
            raise Problem(f"HOST={self.host} is not an address of this machine; use 127.0.0.1 or 0.0.0.0.")
        raise Problem(
            f"Port {self.port} on {self.host} is already in use; choose another: make run PORT={self.port + 1}"
        )

    def address(self, slug: str = "", path: str = "/") -> str:
        host = f"{slug}.{self.base_domain}" if slug else self.base_domain
        if self.https:  # where the proxy in front of us listens
            return f"https://{host}{path}"
        return f"http://{host}{'' if self.port == 80 else f':{self.port}'}{path}"


def read_choices() -> Choices:
    given = read_env_file(PROJECT / ".env") | {name: value for name, value in os.environ.items() if value}
    data_dir = Path(given.get("DATA_DIR") or PROJECT / ".data").expanduser()
    return Choices(
        data_dir=data_dir if data_dir.is_absolute() else PROJECT / data_dir,
        host=given.get("HOST") or "127.0.0.1",
        port=_number(given, "PORT", 8000, 65535),
        base_domain=given.get("BASE_DOMAIN") or "localhost",
        https=given.get("HTTPS", "").lower() in {"1", "true", "yes", "on"},
        database_url=given.get("DATABASE_URL", ""),
        broker_url=given.get("CELERY_BROKER_URL", ""),
    )


def _number(given: dict[str, str], name: str, default: int, highest: int) -> int:
    text = given.get(name) or str(default)
    if not re.fullmatch(r"\d{1,6}", text) or not 1 <= int(text) <= highest:
        raise Problem(f"{name}={text} is not a number from 1 to {highest}.")
    return int(text)
