"""The lines that texts go by: SMPP, CMPP, a vendor's HTTP interface."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from warnengine.settings.gateway import HttpLine, TelephoneLine


class SmppGateway(TelephoneLine):
    """An SMS line by SMPP 3.4 (transceiver)."""

    kind: Literal["smpp"]
    host: str
    port: int = Field(ge=0, le=65535)
    system_id: str
    password: SecretStr
    system_type: str = ""
    source: str = Field(pattern=r"^[0-9]{1,20}$")
    """Our number, as the contract has it: 1069…"""
    tls: bool = False
    ca_file: Path | None = None
    """Certificate authority of the gateway; the system's own list when absent."""
    enquire_seconds: float = 30


class CmppGateway(TelephoneLine):
    """An SMS line by CMPP 2.0 or 3.0 (China Mobile)."""

    kind: Literal["cmpp"]
    version: Literal["2.0", "3.0"] = "3.0"
    host: str
    port: int = 7890
    company: str = Field(pattern=r"^[0-9A-Za-z]{1,6}$")
    """企业代码: the login, and Msg_src of every text."""
    password: SecretStr
    source: str = Field(pattern=r"^[0-9]{1,21}$")
    """Src_Id: the 接入号 of the contract with its 扩展码, 1069…"""
    service_id: str = Field(default="", pattern=r"^[0-9A-Za-z+_-]{0,10}$")
    """业务代码, where the contract has one."""
    fee_user_type: int = Field(default=2, ge=0, le=3)
    """Who pays: 0 the receiver, 1 the sender, 2 the company, 3 `fee_terminal`."""
    fee_terminal: str = Field(default="", pattern=r"^[0-9]{0,21}$")
    fee_type: str = Field(default="01", pattern=r"^0[1-5]$")
    """资费类别: 01 free, 02 by text, 03 by month …"""
    fee_code: str = Field(default="0", pattern=r"^[0-9]{1,6}$")
    """资费代码, in fen."""
    enquire_seconds: float = 30


class HttpGateway(HttpLine):
    """An SMS line by HTTP: request, receipt and reply are mapped by a profile."""

    kind: Literal["sms_http"]
    profile: str
    """Name of a built-in profile (kannel, yunmas, json)."""
