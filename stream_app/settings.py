"""The worker's settings: defaults, then a TOML file, then the environment; reads nothing else."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from stream_app.errors import UserError
from stream_app.registry.layout import CHAMPION

TopicName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{1,249}$")]


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KafkaSettings(_Group):
    """How to reach the cluster (`TICKETS_KAFKA_...`)."""

    bootstrap_servers: str | None = Field(
        default=None, description="host:port[,host:port]; else KAFKA_BOOTSTRAP_SERVERS."
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_cafile: Path | None = Field(default=None, description="CA certificates, PEM.")
    ssl_certfile: Path | None = Field(default=None, description="Client certificate, PEM.")
    ssl_keyfile: Path | None = Field(default=None, description="Client key, PEM.")

    @model_validator(mode="after")
    def _credentials_are_whole(self) -> KafkaSettings:
        if self.security_protocol.startswith("SASL") and not (
            self.sasl_username and self.sasl_password
        ):
            raise ValueError(f"{self.security_protocol} needs sasl_username and sasl_password")
        if (self.ssl_certfile is None) != (self.ssl_keyfile is None):
            raise ValueError("ssl_certfile and ssl_keyfile go together")
        for path in (self.ssl_cafile, self.ssl_certfile, self.ssl_keyfile):
            if path is not None and not path.is_file():
                raise ValueError(f"no such file: {path}")
        return self


class TopicSettings(_Group):
    """Topic names and how missing topics are created (`TICKETS_TOPICS_...`)."""

    raw: TopicName = "tickets.raw"
    priority: TopicName = "tickets.priority"
    toxic: TopicName = "tickets.toxic"
    review: TopicName = "tickets.review"
    standard: TopicName = "tickets.standard"
    dlq: TopicName = "tickets.dlq"
    feedback: TopicName = "tickets.feedback"
    model_control: TopicName = Field(
        default="tickets.model-control", description="Any record makes workers look for a model."
    )
    model_events: TopicName = Field(
        default="tickets.model-events", description="What workers say of the models they serve."
    )
    partitions: int = Field(default=4, ge=1, le=1_000)
    replication_factor: int = Field(
        default=-1, ge=-1, description="-1 takes the cluster's default."
    )

    @model_validator(mode="after")
    def _names_differ(self) -> TopicSettings:
        names = [self.raw, *self.outputs, self.feedback, self.model_control, self.model_events]
        if len(set(names)) != len(names):
            raise ValueError("two topics share one name")
        return self

    @property
    def outputs(self) -> tuple[str, str, str, str, str]:
        """The four queues and the dead-letter queue."""
        return (self.priority, self.toxic, self.review, self.standard, self.dlq)


class WorkerSettings(_Group):
    """How the worker runs (`TICKETS_WORKER_...`)."""

    consumer_group: str = Field(default="ticket-triage", min_length=1)
    batch_tickets: int = Field(
        default=512, ge=1, le=4_096, description="Most tickets drained into one micro-batch."
    )
    batch_wait_ms: int = Field(
        default=20, ge=1, le=10_000, description="Longest wait for a micro-batch to fill."
    )
    batches_in_flight: int = Field(
        default=3, ge=1, le=64, description="Micro-batches decided or published at a time."
    )
    unacked_records: int = Field(
        default=8_192,
        ge=1,
        description="Most records taken and not acked; they wait for the oldest verdict.",
    )
    commit_interval_s: float = Field(default=0.5, gt=0.0, le=60.0)
    session_timeout_s: float = Field(
        default=15.0,
        ge=0.5,
        le=60.0,
        description="Longest silence before the group gives its partitions to others; "
        "brokers allow 6 or more unless told otherwise.",
    )
    dead_letters_in_a_row: int = Field(
        default=1_000, ge=1, description="More dead letters than this in a row stop the worker."
    )
    shutdown_s: float = Field(
        default=6.0, gt=0.0, description="Longest wait for micro-batches in flight at SIGTERM."
    )
    probe_host: str = "127.0.0.1"
    probe_port: int = Field(
        default=8080, ge=0, le=65_535, description="/livez, /readyz, /metrics; 0 takes a free one."
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class InferenceSettings(_Group):
    """How the model runs (`TICKETS_INFERENCE_...`)."""

    bundle: Path | None = Field(default=None, description="Else the newest of the bundle store.")
    lanes: int = Field(default=0, ge=0, le=256, description="Inference threads; 0: one a core.")
    max_padded_tokens: int = Field(default=1_024, ge=8)
    max_rows: int = Field(default=16, ge=1)


class RegistrySettings(_Group):
    """Which model of an MLflow registry the worker follows (`TICKETS_REGISTRY_...`)."""

    tracking_uri: str | None = Field(
        default=None,
        description="http://host:port of the MLflow server; else MLFLOW_TRACKING_URI. "
        "Without either, or where it is empty, the worker serves one bundle for its whole life.",
    )
    model: str = Field(default="ticket-intents", pattern=r"^[^/:]{1,255}$")
    alias: str = Field(default=CHAMPION, pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,254}$")
    poll_s: float = Field(default=15.0, ge=0.2, le=3_600.0, description="Between two looks.")
    cache_dir: Path | None = Field(
        default=None, description="Downloaded bundles; else in the user's data folder."
    )
    request_timeout_s: float = Field(
        default=5.0, gt=0.0, le=600.0, description="Longest silence of the server."
    )
    shadow_share: float = Field(
        default=0.1,
        ge=0.0,
        le=1.0,
        description="Share of live tickets that a challenger scores beside the champion.",
    )


class TriageSettings(_Group):
    """Which rules and policy decide (`TICKETS_TRIAGE_...`)."""

    rules: Path | None = Field(default=None, description="Else the packaged rules.")
    extra_rules: tuple[Path, ...] = Field(
        default=(), description="Files with a desk's own rules, added to the others."
    )
    toxicity_bundle: Path | None = Field(
        default=None,
        description="A model of toxicity alone, beside the rules and the served model's head.",
    )
    policy: Path | None = Field(default=None, description="Else the packaged policy.")
    audit_share: float = Field(
        default=0.01,
        ge=0.0,
        le=1.0,
        description="Share of the tickets, drawn at random, that people check anyway.",
    )


class LlmSettings(_Group):
    """The language model that is asked about uncertain tickets (`TICKETS_LLM_...`).

    Off without a key. A server that checks none, such as one on this machine, takes any.
    """

    api_key: SecretStr | None = None
    api_key_file: Path | None = Field(
        default=None, description="A file with the key that only its owner may read."
    )
    base_url: str | None = Field(
        default=None, description="Where the API begins, e.g. https://host/v1; no default."
    )
    allow_http: bool = Field(
        default=False, description="Take a base_url without TLS that is not on this machine."
    )
    model: str | None = Field(default=None, min_length=1, max_length=256)
    prompt: Path | None = Field(default=None, description="Else the packaged prompt.")
    deadline_s: float = Field(
        default=2.0, gt=0.0, le=60.0, description="Longest time for an answer, all of it counted."
    )
    max_concurrent: int = Field(default=4, ge=1, le=256, description="Requests at a time.")
    max_waiting: int = Field(
        default=32, ge=0, le=10_000, description="Questions that wait for their turn."
    )
    tokens_per_hour: int = Field(
        default=1_000_000, ge=1, description="Sent and received, over the last 60 minutes."
    )
    money_per_hour: float | None = Field(
        default=None, gt=0.0, description="In the currency of the prices; none: no limit."
    )
    price_per_million_input: float = Field(default=0.0, ge=0.0, description="Tokens sent.")
    price_per_million_output: float = Field(default=0.0, ge=0.0, description="Tokens received.")
    breaker_failures: int = Field(
        default=5, ge=1, description="Questions without an answer in a row that suspend asking."
    )
    breaker_pause_s: float = Field(
        default=30.0, gt=0.0, le=3_600.0, description="How long, before one question tries again."
    )
    cache_entries: int = Field(default=10_000, ge=0, description="Answers kept in memory.")

    @property
    def on(self) -> bool:
        """Whether there is a key."""
        return self.api_key is not None or self.api_key_file is not None

    @model_validator(mode="after")
    def _can_be_asked(self) -> LlmSettings:
        if self.api_key is not None and self.api_key_file is not None:
            raise ValueError("give api_key or api_key_file, not both")
        if self.api_key is not None and not _is_one_word(self.api_key.get_secret_value()):
            raise ValueError("api_key must be one word of ASCII, without spaces")
        if self.on and (self.base_url is None or self.model is None):
            raise ValueError("with a key, base_url and model must say who is asked")
        if self.base_url is not None:
            _check_address(self.base_url, allow_http=self.allow_http)
        if self.money_per_hour is not None and not (
            self.price_per_million_input or self.price_per_million_output
        ):
            raise ValueError("money_per_hour needs the prices of tokens")
        return self


def _is_one_word(key: str) -> bool:
    return key.isascii() and key.isprintable() and key.split() == [key]


def _check_address(base_url: str, *, allow_http: bool) -> None:
    """Raise `ValueError` unless tickets can be sent to `base_url`; names no credentials."""
    try:
        parts = urlsplit(base_url)
        _ = parts.port
    except ValueError as error:
        raise ValueError("base_url has a host or port that is none") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("base_url must begin with https:// and a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("base_url must hold no user, query or fragment")
    if parts.scheme == "http" and not allow_http and not _is_loopback(parts.hostname):
        raise ValueError(
            "base_url would send tickets unencrypted; use https, or set allow_http if that is meant"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Settings(BaseSettings):
    """All settings, by group."""

    model_config = SettingsConfigDict(
        env_prefix="TICKETS_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        extra="forbid",
        frozen=True,
    )

    kafka: KafkaSettings = KafkaSettings()
    topics: TopicSettings = TopicSettings()
    worker: WorkerSettings = WorkerSettings()
    inference: InferenceSettings = InferenceSettings()
    registry: RegistrySettings = RegistrySettings()
    triage: TriageSettings = TriageSettings()
    llm: LlmSettings = LlmSettings()


def load_settings(config: Path | None = None, **overrides: dict[str, Any]) -> Settings:
    """Settings from `overrides` (by group), the environment, and the TOML file `config`.

    Raises `UserError` with one line that names the setting and the fault.
    """

    class _FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings)
            if config is not None:
                sources += (TomlConfigSettingsSource(settings_cls, toml_file=config),)
            return sources

    try:
        if config is not None and not config.is_file():
            raise UserError(f"settings file {config}: no such file")
        return _FromFile(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        # The input is left out of the message: it can be a password.
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        variable = "TICKETS_" + "_".join(str(part) for part in first["loc"]).upper()
        reason = first["msg"].removeprefix("Value error, ")
        raise UserError(f"setting {name} ({variable}): {reason}") from error
    except (TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"settings file {config}: {_first_line(error)}") from error
    except OSError as error:
        unreadable = error.filename or config
        raise UserError(f"settings: cannot read {unreadable}: {error.strerror}") from error
    except ValueError as error:
        raise UserError(f"settings: {_first_line(error)}{_given_lists()}") from error


def _given_lists() -> str:
    """A hint at the variables that hold a list, which must be JSON."""
    given = [name for name in ("TICKETS_TRIAGE_EXTRA_RULES",) if name in os.environ]
    return f'; {given[0]} takes a JSON list, as in ["/etc/tickets/desk.yaml"]' if given else ""


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
