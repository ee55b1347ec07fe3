"""Invented people and what they do: drawn out of a seed."""

from __future__ import annotations

from random import Random

from simulators.town import Person

SERVICES = {
    "日常保洁": ("厨房", "卫生间", "地面"),
    "老人照护": ("测血压", "协助用药", "午餐"),
    "做饭": ("买菜", "两菜一汤", "收拾厨房"),
    "母婴护理": ("宝宝洗澡", "奶具消毒"),
}
"""Services with their checklists."""

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_FEMALE = (
    "秀兰",
    "建芳",
    "丽娟",
    "桂珍",
    "玉梅",
    "春花",
    "红霞",
    "素琴",
    "美华",
    "晓燕",
    "凤英",
    "月娥",
    "彩霞",
    "翠萍",
)
_MALE = ("国强", "建军", "志明", "永福", "德胜", "海涛", "文斌", "大勇")
_CUSTOMERS = ("女士", "先生", "奶奶", "爷爷")


def person(rng: Random) -> Person:
    """A worker."""
    surname = rng.choice(_SURNAMES)
    if rng.random() < 0.8:
        return Person(surname + rng.choice(_FEMALE), surname, "阿姨")
    return Person(surname + rng.choice(_MALE), surname, "师傅")


def customer(rng: Random) -> str:
    """A customer, as a company lists them."""
    return rng.choice(_SURNAMES) + rng.choice(_CUSTOMERS)
