"""Why a message is not let in, in the words of the duty room: what it is, and what to do."""

from __future__ import annotations

from collections.abc import Mapping

CHINESE: Mapping[str, str] = {
    "not_xml": "不是预警电文的格式,读不了。请看原文,并请来源单位按约定格式重发。",
    "malformed": "电文残缺或格式有错,读不了。请看原文,并请来源单位重发。",
    "doctype": "电文带有 DOCTYPE,可能被篡改内容,一律不读。请来源单位去掉后重发。",
    "too_large": "电文太大,不读。请来源单位拆开重发。",
    "too_deep": "电文层次太深,不像预警,不读。请来源单位核对后重发。",
    "too_many_elements": "电文条目太多,不读。请来源单位拆开重发。",
    "too_many_attributes": "电文属性太多,不像预警,不读。请来源单位核对后重发。",
    "unknown_format": "不认识这种格式。请看原文;是预警的,人工处理,并请系统管理员联系厂家。",
    "links_only": "只有链接,没有预警内容。请系统管理员改为抓取链接里的预警。",
    "missing_field": "缺少必填的内容,认不出是哪条预警。请看原文,并请发布单位补全后重发。",
    "bad_value": "有的内容写法不合标准,读不准。请看原文,并请发布单位更正后重发。",
    "not_actual": "标明是演练、测试或草稿,不作实战处理。",
    "actual": "演练系统收到实战预警,不处理。请核实实战系统是否收到。",
    "no_area": "没有写明地方。请问发布单位是哪些镇街,需要时人工通知。",
    "no_claim": "没有写明哪里是什么级别。请看原文研判,需要时人工下达。",
    "unknown_area": "写的地方本区没有。请问发布单位是哪些镇街;新增的镇街,请区局补进规则。",
    "unknown_sender": "发布单位不在可以向本区发布预警的名单里。"
    "请核实是否真是它发的;"
    "属实又该收的,请区局补进规则后重读,急用的两人放行。",
    "not_authorised": "超出发布单位能发的范围(灾种、产品、地区或来源)。"
    "请打电话向它核实;"
    "属实的,请区局改规则后重读,急用的两人放行。",
    "sent_ahead": "发布时间晚于收到时间,时钟不对。请发布单位校时后重发;到了它写的时间再点“重读”也可以。",
    "stale": "发布时间太早,又是第一次收到,可能是旧报文重放。请向发布单位核实现在是否有效,有效的两人放行。",
    "identifier_reused": "同一编号前后内容不同。请问发布单位以哪一份为准,请它用新编号重发。",
    "too_long": "有的内容长得不正常。请看原文人工处理,并请发布单位更正后重发。",
    "not_storable": "含有数据库存不了的字符。请看原文人工处理,并请发布单位更正后重发。",
    "signature_missing": "这个来源要求数字签名,电文没有签名。请向来源单位核实;属实的两人放行。",
    "signature_invalid": "数字签名对不上,内容可能被改过,或不是登记的证书签的。"
    "请打电话向发布单位核实,不要照此行动。",
    "signature_expired": "签名用的证书在收到时不在有效期内。请来源单位换证书后重发;核实属实的两人放行。",
    "signature_weak": "签名用的是已不安全的算法(SHA-1)。请来源单位换算法;核实属实的两人放行。",
    "signature_partial": "签名只管电文的一部分,其余可能是后加的。请打电话向发布单位核实,不要照此行动。",
    "unreadable_callback": "短信等网关的回执或回复读不懂,不是预警。请系统管理员看原文。",
}
"""Reason of a refusal → a sentence for the duty room. What has none here is shown by its English sentence."""
