"""What must hold before an engine comes up."""

from __future__ import annotations

from collections.abc import Sequence

from warnengine.app.sides import drill_side
from warnengine.app.trusting import trusts
from warnengine.model.errors import StartRefused
from warnengine.settings import Settings

CARRIERS = {"sms": frozenset({"smpp", "cmpp", "sms_http"}), "email": frozenset({"smtp"})}
"""Kinds of gateways by the channel of a trial's digests."""
SHORT = 12
"""Letters of a book's hash that people are shown."""


def refuse_unsafe(settings: Settings) -> None:
    """Raise StartRefused where a send could outlive its lease, names clash, or texts have no form."""
    if not (settings.templates / "any.sms.j2").is_file():
        raise StartRefused(f"no templates in {settings.templates}: set WARNENGINE_TEMPLATES to their folder")
    tokens = [source.token.get_secret_value() for source in settings.sources]
    if len(set(tokens)) != len(tokens):
        raise StartRefused("two sources have one token: each needs its own, for it tells who a warning is from")
    _refuse_doubles(settings)
    trusts(settings)
    dispatch = settings.dispatch
    for gateway in settings.gateways:
        longest = gateway.connect_seconds + gateway.answer_seconds + dispatch.grace_seconds
        if longest >= dispatch.lease_seconds:
            raise StartRefused(
                f"gateway {gateway.name}: connect + answer + grace is {longest:g} s and the lease "
                f"{dispatch.lease_seconds:g} s: two engines could send the same text; lengthen "
                "WARNENGINE_DISPATCH__LEASE_SECONDS"
            )
    names = [gateway.name for gateway in settings.gateways]
    if len(set(names)) != len(names):
        raise StartRefused(f"two gateways have one name: {', '.join(names)}")
    _refuse_same_source(settings)
    for feed in settings.feeds:
        if feed.ca_file and not feed.ca_file.is_file():
            raise StartRefused(f"feed {feed.name}: no file {feed.ca_file}; correct its `ca_file`")
    if settings.drill and settings.installation != "drill":
        drill_side(settings)
    if settings.installation == "trial":
        refuse_deaf_trial(settings)


def refuse_deaf_trial(settings: Settings) -> None:
    """Raise StartRefused where nobody would read what a trial computes."""
    if settings.trial is None:
        raise StartRefused(
            "a trial tells only the duty room: name its mobiles or mailboxes in WARNENGINE_TRIAL__SMS (a JSON "
            "list) or WARNENGINE_TRIAL__EMAIL"
        )
    kinds = {gateway.kind for gateway in settings.gateways}
    if not any(getattr(settings.trial, channel) and kinds & able for channel, able in CARRIERS.items()):
        raise StartRefused("no gateway can carry a trial's digests to the duty room: set up one for SMS or email")


def refuse_samples(settings: Settings, book: str, samples: Sequence[str]) -> None:
    """Raise StartRefused where a book with invented entries would be the first that a live engine orders by.

    An operator who means it names the book: `samples_accepted` is the beginning of its hash."""
    accepted = settings.samples_accepted
    if settings.installation != "live" or not samples or (accepted and book.startswith(accepted)):
        return
    short = book[:SHORT]
    raise StartRefused(
        f"实战(LIVE)不能用样例数据启动:规则{short}里有{len(samples)}处标有 sample: true,是编的,不是真的,"
        f"第一处是 {samples[0]}。照它发令,会叫错人、走错路。\n"
        "怎么办:换成区局核实过的台账,去掉 sample: true;没有台账的先把整条删掉(没有点位,措施照发)。"
        "先看几场雨再说的,用试运行:WARNENGINE_INSTALLATION=trial。\n"
        f"确实要带着样例实战的,写 WARNENGINE_SAMPLES_ACCEPTED={short} 再做一次;留痕链会记下。\n"
        f"Live mode does not start with invented entries: rule book {short} has {len(samples)} (sample: true). "
        "Put the bureau's own in their place, or start with WARNENGINE_INSTALLATION=trial. To go live with them "
        f"all the same: WARNENGINE_SAMPLES_ACCEPTED={short}; the audit chain records it."
    )


def _refuse_same_source(settings: Settings) -> None:
    """A source is what a contradiction and a silence are told by: a feed must not pass for another."""
    names = [feed.name for feed in settings.feeds]
    taken = {"spool", *(source.name for source in settings.sources)}
    taken |= {settings.kafka.source} if settings.kafka else set()
    if double := sorted({name for name in names if name in taken or names.count(name) > 1}):
        raise StartRefused(f"two sources have one name: {', '.join(double)}; give the feed another `name`")


def _refuse_doubles(settings: Settings) -> None:
    """Two people are told apart by name and by token, or one of them could do what takes two."""
    names = [operator.name for operator in settings.operators]
    if len(set(names)) != len(names):
        raise StartRefused(f"two operators have one name: {', '.join(names)}")
    secrets = [operator.token for operator in settings.operators]
    secrets += [source.token for source in settings.sources]
    secrets += [settings.operator_token] if settings.operator_token else []
    tokens = [secret.get_secret_value() for secret in secrets]
    if settings.operators and len(set(tokens)) != len(tokens):
        raise StartRefused("an operator's token is also somebody else's or a source's: each needs its own")
