"""A browser without JavaScript at the duty room's pages, and the people who sit there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape
from typing import Any

import aiohttp

from tests.acceptance.house import House

OPERATORS = [
    {"name": "张三", "role": "duty", "token": "zhang-token"},
    {"name": "李四", "role": "duty", "token": "li-token"},
    {"name": "王区长", "role": "leader", "token": "wang-token"},
    {"name": "赵科长", "role": "bureau", "token": "zhao-token"},
]
ZHANG, LI, WANG, ZHAO = (str(one["token"]) for one in OPERATORS)
Fields = dict[str, str | list[str]]


class Page:
    """What came back."""

    def __init__(self, status: int, url: str, text: str) -> None:
        self.status, self.url, self.text = status, url, text

    def __contains__(self, words: str) -> bool:
        return words in self.words

    @property
    def words(self) -> str:
        """As somebody reads it: without tags, in one line."""
        return " ".join(unescape(re.sub(r"<[^>]*>", "", self.text)).split())

    def field(self, name: str) -> str:
        """The value of a hidden field."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found, f"no field {name} in {self.words}"
        return unescape(found[1])

    def options(self) -> dict[str, str]:
        """Name → value of what can be chosen from a list."""
        return {
            unescape(words): value for value, words in re.findall(r'<option value="(\w+)" *>([^<]+)', self.text)
        }


class Browser:
    """One browser with its cookies."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.web = aiohttp.ClientSession(house.url, cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def get(self, path: str) -> Page:
        async with self.web.get(path) as answer:
            return Page(answer.status, str(answer.url.relative()), await answer.text())

    async def post(self, path: str, origin: str | None = "", **fields: str | Iterable[str]) -> Page:
        """Send a form as a browser does. origin: empty, ours; None, nothing is said of it."""
        pairs = [
            (name, one) for name, value in fields.items() for one in ([value] if isinstance(value, str) else value)
        ]
        headers = {} if origin is None else {"Origin": origin or self.house.url}
        async with self.web.post(path, data=aiohttp.FormData(pairs)(), headers=headers) as answer:
            return Page(answer.status, str(answer.url.relative()), await answer.text())

    async def sign_in(self, token: str) -> Browser:
        page = await self.post("/duty/sign-in", token=token)
        assert page.status == 200, page.words
        return self

    async def close(self) -> None:
        await self.web.close()


def order(to: str, **changes: Any) -> dict[str, Any]:
    """The form of an order by hand."""
    wanted = {
        "unit": [to],
        "words": "关闭安居古城景区,劝离全部游客",
        "level": "red",
        "within": "30",
        "lasts": "6",
    }
    return wanted | {"why": "现场险情,预案没有"} | changes
