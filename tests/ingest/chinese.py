"""Chinese sentences after the wordings of real issuers, and what each states: the table of the sentence tests.

A row is a text and what it comes to, as `hazard level places`, several joined by `; `:
hazard: the rule book's key, `?` for none, with `@family` where that is not signal;
level: blue yellow orange red, `lifted`, `unknown` (shown to a person, never acted on);
places: `all` the district by its code, `about` the district for want of a name (flagged), `still` the district where
what stood is only restated, names without 镇 or 街道, `-` before the ones that are left out of all 28.
Behind `!` stand the rules of the problems that a person must see, behind `>` the period, `MMDDhhmm-MMDDhhmm`.
Everything is sent at 05:54 on 27 July 2026 by the district's own observatory, with the district's code.
"""

from __future__ import annotations

VERBS = """
铜梁区气象台7月27日5时54分发布“暴雨红色预警信号” => rainstorm red all
铜梁区气象台继续发布暴雨橙色预警信号 => rainstorm orange all
铜梁区气象台升级发布暴雨橙色预警信号 => rainstorm orange all
铜梁区气象台降级发布暴雨蓝色预警信号 => rainstorm blue all
铜梁区气象台更新发布高温橙色预警信号 => heat orange all
铜梁区气象台变更发布雷雨大风黄色预警信号 => thunderstorm_gale yellow all
铜梁区气象台维持暴雨橙色预警信号 => rainstorm orange all
铜梁区气象台确认发布冰雹橙色预警信号 => hail orange all
铜梁区气象台7月27日4时升级2时发布的“暴雨橙色预警信号”为“暴雨红色预警信号” => rainstorm red all
铜梁区气象台更新“暴雨橙色预警信号”为“暴雨红色预警信号” => rainstorm red all
铜梁区气象台将暴雨红色预警信号降级为黄色预警信号 => rainstorm yellow all
铜梁区气象台将暴雨红色预警信号降级为黄色 => rainstorm yellow all
铜梁区气象台将暴雨黄色预警信号变更为暴雨橙色预警信号 => rainstorm orange all
铜梁区气象台将暴雨预警信号由黄色升级为红色 => rainstorm red all
铜梁区气象台将暴雨预警信号由橙色调整至蓝色 => rainstorm blue all
铜梁区气象台将大雾橙色预警信号改为大雾红色预警信号 => fog red all
暴雨红色预警信号下调为蓝色预警信号 => rainstorm blue all
铜梁区气象台与铜梁区应急管理局联合发布暴雨橙色预警信号 => rainstorm orange all
铜梁区林业局、铜梁区气象局联合继续发布森林火险红色预警信号 => forest_fire red all
暴雨红色预警信号继续有效 => rainstorm red all
铜梁区发布黄色暴雨预警信号 => rainstorm yellow all
铜梁区发布红色高温预警 => heat red all
铜梁区气象台发布暴雨红色预警[Ⅰ级/特别严重] => rainstorm red all
铜梁区气象台发布寒潮蓝色预警[IV级/一般] => cold_wave blue all
铜梁区气象台发布大风黄色(Ⅲ级)预警 => gale yellow all
"""

LIFTED = """
铜梁区气象台解除暴雨橙色预警信号 => rainstorm lifted all
铜梁区解除暴雨红色预警 => rainstorm lifted all
铜梁区气象台解除暴雨红色 => rainstorm lifted all
铜梁区气象台解除7月27日4时发布的暴雨红色预警信号 => rainstorm lifted all
铜梁区气象台解除2时升级为红色的暴雨预警信号 => rainstorm lifted all
铜梁区气象台撤销暴雨红色预警信号 => rainstorm lifted all
铜梁区气象台撤消7月26日发布的高温橙色预警信号 => heat lifted all
铜梁区气象台取消雷电黄色预警信号 => lightning lifted all
铜梁区气象台终止大雾红色预警信号 => fog lifted all
铜梁区气象台结束暴雨红色预警 => rainstorm lifted all
暴雨红色预警信号解除 => rainstorm lifted all
暴雨红色预警信号已于27日5时解除 => rainstorm lifted all
暴雨红色预警信号自即时起失效 => rainstorm lifted all
暴雨橙色预警信号不再有效 => rainstorm lifted all
原暴雨红色预警信号作废 => rainstorm lifted all
铜梁区气象台解除暴雨橙色、雷电黄色预警信号 => rainstorm lifted all; lightning lifted all
铜梁区气象台解除暴雨、雷电预警信号 => rainstorm lifted all; lightning lifted all
铜梁区防汛抗旱指挥部终止防汛Ⅳ级应急响应 => water_drought@response lifted all
铜梁区防指结束防汛Ⅲ级应急响应 => water_drought@response lifted all
铜梁区气象台解除暴雨红色预警信号,请继续关注天气变化 => rainstorm lifted all
铜梁区气象台变更暴雨红色预警信号为暴雨黄色预警信号,随后解除暴雨黄色预警信号 => rainstorm lifted all
"""

LIFTED_AND_MORE = """
铜梁区气象台解除暴雨红色预警信号,同时发布暴雨蓝色预警信号 => rainstorm blue all
铜梁区气象台解除暴雨红色预警信号变更为暴雨黄色预警信号 => rainstorm yellow all
铜梁区气象台解除暴雨红色预警信号,变更为暴雨黄色预警信号 => rainstorm yellow all
铜梁区气象台解除雷电黄色预警信号,暴雨橙色预警信号继续有效 => lightning lifted all; rainstorm orange still
铜梁区气象台解除暴雨橙色预警信号,发布雷电黄色预警信号 => rainstorm lifted all; lightning yellow all
铜梁区气象台将暴雨橙色预警信号变更为雷电黄色预警信号 => lightning yellow all; rainstorm lifted all
铜梁区气象台解除安居镇暴雨红色预警信号 => rainstorm lifted 安居
铜梁区气象台解除安居镇暴雨红色预警信号,其余镇街预警信号继续有效 => rainstorm lifted 安居
铜梁区气象台解除安居、少云、高楼暴雨橙色预警信号 => rainstorm lifted 安居 少云 高楼
铜梁区气象台取消太平镇、华兴镇雷电黄色预警信号 => lightning lifted 太平 华兴
铜梁区气象台解除大路镇暴雨红色预警信号 => !unknown_town
铜梁区气象台解除部分镇街暴雨红色预警信号 => !unknown_town
铜梁区气象台将于20时解除暴雨红色预警信号 => rainstorm unknown all !level_unknown lift_announced
预计今日12时解除暴雨橙色预警信号 => rainstorm unknown all !level_unknown lift_announced
铜梁区气象台继续发布暴雨橙色预警信号,预计20时前后视情解除 => rainstorm orange all
铜梁区气象台将安居镇、少云镇暴雨红色预警信号降级为黄色,解除太平镇暴雨红色预警信号 => \
rainstorm yellow 安居 少云; rainstorm lifted 太平
铜梁区气象台将安居镇、少云镇暴雨橙色预警信号降级为黄色,其余镇街暴雨橙色仍生效 => \
rainstorm yellow 安居 少云; rainstorm orange -安居 少云
铜梁区气象台将安居镇暴雨橙色预警信号升级为红色,将太平镇暴雨橙色预警信号降级为蓝色 => \
rainstorm red 安居; rainstorm blue 太平
铜梁区气象台继续发布暴雨橙色预警信号,其中安居镇升级为红色 => rainstorm red 安居; rainstorm orange -安居
"""

SEVERAL = """
铜梁区气象台发布暴雨橙色和雷电黄色预警信号 => rainstorm orange all; lightning yellow all
铜梁区气象台发布暴雨橙色、雷电黄色双预警 => rainstorm orange all; lightning yellow all
铜梁区气象台发布暴雨、雷电黄色双预警 => rainstorm yellow all; lightning yellow all
铜梁区气象台同时发布大风蓝色预警和寒潮黄色预警 => gale blue all; cold_wave yellow all
铜梁区气象台发布雷雨大风黄色预警信号,发布冰雹橙色预警信号 => thunderstorm_gale yellow all; hail orange all
铜梁区气象台发布暴雨橙色预警信号:预计未来3小时安居镇、少云镇有暴雨。发布雷电黄色预警信号:预计未来6小时我区有雷电 \
=> rainstorm orange 安居 少云; lightning yellow all
铜梁区防汛抗旱指挥部发布江河洪水、山洪灾害、渍涝灾害黄色(Ⅲ级)预警 => flood@flood_command yellow all; \
flash_flood@flood_command yellow all; waterlogging@flood_command yellow all
铜梁区防汛抗旱指挥部发布山洪灾害橙色预警,同时启动防汛Ⅲ级应急响应 => \
flash_flood@flood_command orange all; water_drought@response yellow all
铜梁区防汛抗旱指挥部8月12日发布江河洪水橙色(Ⅱ级)预警,启动防汛Ⅳ级应急响应 => \
flood@flood_command orange all; water_drought@response blue all
铜梁区气象台发布暴雨红色预警信号,铜梁区防指启动防汛Ⅱ级应急响应 => \
rainstorm red all; water_drought@response orange all
"""

RESPONSES = """
铜梁区防汛抗旱指挥部启动防汛Ⅱ级应急响应 => water_drought@response orange all
铜梁区防汛抗旱指挥部启动防汛二级应急响应 => water_drought@response orange all
铜梁区防汛抗旱指挥部启动防汛2级应急响应 => water_drought@response orange all
铜梁区防汛抗旱指挥部启动Ⅳ级防汛应急响应 => water_drought@response blue all
铜梁区防汛抗旱指挥部将防汛Ⅲ级应急响应升级为Ⅱ级 => water_drought@response orange all
铜梁区防汛抗旱指挥部将防汛Ⅲ级应急响应提升至Ⅱ级 => water_drought@response orange all
铜梁区防汛抗旱指挥部将防汛应急响应由Ⅱ级调整为Ⅳ级 => water_drought@response blue all
铜梁区防汛抗旱指挥部启动抗旱Ⅲ级应急响应 => drought@response yellow all
铜梁区水利局启动水旱灾害防御Ⅳ级应急响应 => water_drought@response blue all
铜梁区水利局启动洪水防御Ⅲ级应急响应 => water_drought@response yellow all
铜梁区启动江河洪水四级应急响应 => water_drought@response blue all
铜梁区减灾委启动地质灾害Ⅲ级应急响应 => geological@response yellow all
铜梁区启动低温雨雪冰冻Ⅳ级应急响应 => rain_snow_freeze@response blue all
铜梁区启动重大气象灾害(暴雨)Ⅱ级应急响应 => rainstorm@response orange all
铜梁区继续维持防汛Ⅲ级应急响应 => water_drought@response yellow all
"""

PRODUCTS = """
铜梁区气象台发布2小时临灾警报 => rainstorm@imminent red all
铜梁区气象台发布6小时临灾警报 => rainstorm@imminent orange all
铜梁区气象台发布两小时气象警报:安居、少云、高楼等镇街雨量将超100毫米 => rainstorm@imminent red 安居 少云 高楼
铜梁区气象台发布6小时极端降水警报 => rainstorm@imminent orange all
铜梁区气象台解除2小时临灾警报 => rainstorm@imminent lifted all
铜梁区气象台发布极端降水警报 => rainstorm@imminent unknown all !level_unknown
重要气象信息专报(暴雨Ⅳ级预警) => rainstorm@bulletin blue all
铜梁区规划和自然资源局、铜梁区气象局联合发布地质灾害气象风险橙色预警 => geological@joint_risk orange all
铜梁区水利局、铜梁区气象局联合发布小流域山洪灾害气象风险黄色预警 => flash_flood@joint_risk yellow all
铜梁区水利局、铜梁区气象局联合发布中小河流涨水风险提示:预计我区涨水风险较高 => \
small_river_flood@joint_risk yellow all
铜梁区规划和自然资源局发布地质灾害气象风险预警:预计我区发生地质灾害风险很高 => geological@joint_risk red all
铜梁区水利局发布水情蓝色预警:预计我区水位上涨 => flood@hydrology blue all
铜梁区水利局发布过境洪水橙色预警 => transit_flood@hydrology orange all
铜梁区防汛抗旱指挥部发布过境洪水橙色预警 => transit_flood@flood_command orange all
铜梁区防汛抗旱指挥部发布江河洪水黄色预警 => flood@flood_command yellow all
铜梁区防汛办发布渍涝灾害蓝色预警 => waterlogging@flood_command blue all
铜梁区森林防灭火指挥部、铜梁区林业局、铜梁区气象局联合发布“森林火险橙色预警信号” => forest_fire orange all
铜梁区森林防灭火指挥部办公室发布高森林火险黄色预警 => forest_fire yellow all
铜梁区地质灾害防治指挥部发布暴雨黄色预警信号 => rainstorm yellow all
铜梁区防震减灾局、铜梁区气象台发布高温红色预警信号 => heat red all
"""

HAZARDS = """
铜梁区气象台发布雷暴大风蓝色预警信号 => thunderstorm_gale blue all
铜梁区气象台发布雷雨大风橙色预警信号 => thunderstorm_gale orange all
铜梁区气象台发布大风黄色预警信号 => gale yellow all
铜梁区气象台发布强对流黄色预警信号 => convection yellow all
铜梁区气象台发布强降雨黄色预警 => rainstorm yellow all
铜梁区气象台发布道路结冰橙色预警信号 => road_icing orange all
铜梁区气象台发布霾黄色预警信号 => haze yellow all
铜梁区气象台发布浓雾橙色预警信号 => fog orange all
铜梁区气象台发布霜冻蓝色预警信号 => frost blue all
铜梁区气象台发布干旱橙色预警信号 => drought orange all
铜梁区气象台发布气象干旱红色预警 => drought red all
铜梁区气象台发布暴雪蓝色预警信号 => snowstorm blue all
铜梁区气象台发布森林(草原)火险红色预警 => forest_fire red all
铜梁区气象台发布沙尘暴黄色预警信号 => sandstorm yellow all
铜梁区发布重污染天气橙色预警 => heavy_pollution orange all
铜梁区气象台发布低温黄色预警信号 => low_temperature yellow all
铜梁区气象台发布雷电黄色预警信号:预计有雷电,可能伴有短时强降水、雷暴大风、冰雹 => lightning yellow all
铜梁区气象台发布陨石坠落黄色预警信号 => ? yellow all
"""

PLACES = """
发布暴雨红色预警信号:预计我区安居镇、少云镇降雨量将达100毫米 => rainstorm red 安居 少云
发布暴雨红色预警信号:预计安居、少云、高楼等镇街降雨量将达100毫米 => rainstorm red 安居 少云 高楼
发布暴雨红色预警信号:预计安居镇,少云镇,高楼镇等地降雨量将达100毫米 => rainstorm red 安居 少云 高楼
发布暴雨红色预警信号:预计蒲吕、旧县、东城、南城街道降雨量将达100毫米 => rainstorm red 东城 南城 蒲吕 旧县
发布暴雨红色预警信号:预计旧县镇、蒲吕镇降雨量将达100毫米 => rainstorm red 蒲吕 旧县
发布暴雨红色预警信号:预计我区部分镇街降雨量将达100毫米 => rainstorm red about !area_vague
发布暴雨红色预警信号:预计我区大部分镇街降雨量将达100毫米 => rainstorm red about !area_vague
发布暴雨红色预警信号:预计我区西部地区降雨量将达100毫米 => rainstorm red about !area_vague
发布暴雨红色预警信号:预计安居镇、少云镇等20个镇街降雨量将达100毫米 => rainstorm red about !area_vague
发布暴雨红色预警信号:预计安居镇、少云镇等28个镇街降雨量将达100毫米 => rainstorm red -
发布暴雨红色预警信号:预计安居镇、少云镇等部分镇街降雨量将达100毫米 => rainstorm red 安居 少云
发布暴雨红色预警信号:预计我区28个镇街降雨量将达100毫米 => rainstorm red all
发布暴雨红色预警信号:预计除双山镇、高楼镇外,其余镇街降雨量将达100毫米 => rainstorm red -双山 高楼
发布暴雨红色预警信号:预计除双山、高楼以外的镇街降雨量将达100毫米 => rainstorm red -双山 高楼
发布暴雨红色预警信号:过去1小时华兴镇雨量已达70毫米,预计太平镇仍有强降雨 => rainstorm red 太平
发布暴雨红色预警信号:过去1小时华兴镇雨量已达70毫米,预计上述区域及太平镇仍有强降雨 => rainstorm red 华兴 太平
发布暴雨红色预警信号:预计我区有暴雨,请远离高楼、广告牌 => rainstorm red all
发布暴雨红色预警信号:预计安居古城、玄天湖景区有暴雨 => rainstorm red all
发布暴雨红色预警信号:预计遂宁安居区有暴雨,我区有大雨 => rainstorm red all
发布暴雨红色预警信号:预计潼南区太平镇、我区安居镇有暴雨 => rainstorm red 安居 !unknown_town
发布暴雨红色预警信号:预计安居镇、少云镇、大足区双山镇等有暴雨 => rainstorm red 安居 少云 !unknown_town
发布暴雨红色预警信号:预计安居镇、大路镇、少云镇等有暴雨 => rainstorm red 安居 少云 !unknown_town
发布洪水橙色预警:预计涪江沿线镇街水位将上涨 => flood@hydrology orange 安居 少云 高楼 !area_partly
发布洪水橙色预警:预计沿琼江镇街水位将上涨 => flood@hydrology orange 安居 白羊 平滩 少云 维新 !area_partly
发布洪水橙色预警:预计淮远河、小安溪流域水位将上涨 => flood@hydrology orange 旧县 土桥 双山 大庙 永嘉 安溪 西河 侣俸 \
!area_partly
发布暴雨橙色预警信号:预计涪江流域有暴雨 => rainstorm orange 安居 少云 高楼 !area_partly
发布洪水橙色预警:预计合川水文站涪江水位将超保证水位 => flood@hydrology orange 安居 少云 高楼 !area_partly
发布洪水橙色预警:预计綦江河五岔站水位将超保证水位 => flood@hydrology unknown all !level_unknown area_elsewhere
发布高温红色预警信号:预计海拔400米以下地区最高气温将升至40℃以上 => heat red about !area_vague
发布道路结冰黄色预警信号:预计海拔800米以上地区将出现道路结冰 => road_icing yellow about !area_vague
发布道路结冰黄色预警信号:预计大庙镇、永嘉镇海拔600米以上地区将出现道路结冰 => road_icing yellow 大庙 永嘉 !area_partly
发布大雾橙色预警信号:预计我区局部地区能见度小于200米 => fog orange about !area_vague
"""

PERIODS = """
发布暴雨红色预警信号:预计27日5时至8时我区有暴雨 => rainstorm red all >07270500-07270800
发布暴雨红色预警信号:预计27日20时至28日08时我区有暴雨 => rainstorm red all >07272000-07280800
发布暴雨红色预警信号:预计27日05:00-08:00我区有暴雨 => rainstorm red all >07270500-07270800
发布暴雨红色预警信号:预计未来6小时我区有暴雨 => rainstorm red all >07270554-07271154
发布暴雨红色预警信号:预计未来三小时内我区有暴雨 => rainstorm red all >07270554-07270854
发布高温橙色预警信号:24小时内我区最高气温将升至37℃以上 => heat orange all >07270554-07280554
发布雷电黄色预警信号:预计今天夜间到明天白天我区有雷电 => lightning yellow all >07272000-07282000
发布雷电黄色预警信号:预计今晚到明天早晨我区有雷电 => lightning yellow all >07272000-07280800
发布高温橙色预警信号:预计7月28日至7月31日我区最高气温37℃以上 => heat orange all >07280000-08010000
发布干旱橙色预警信号:预计7月30日至8月5日旱情持续 => drought orange all >07300000-08060000
发布暴雨蓝色预警信号:预计27日白天我区有暴雨,持续至28日8时 => rainstorm blue all >-07280800
发布暴雨蓝色预警信号:过去3小时安居镇雨量已达60毫米,预计未来2小时仍有强降雨 => \
rainstorm blue 安居 >07270554-07270754
发布暴雨蓝色预警信号:预计未来12小时安居镇、少云镇有暴雨 => rainstorm blue 安居 少云 >07270554-07271754
发布大风蓝色预警信号:预计27日12时到20时,我区阵风7级,局地8级以上 => gale blue all >07271200-07272000
"""

TABLES = {
    "verbs": VERBS, "lifted": LIFTED, "lifted and more": LIFTED_AND_MORE, "several": SEVERAL,
    "responses": RESPONSES, "products": PRODUCTS, "hazards": HAZARDS, "places": PLACES, "periods": PERIODS,
}  # fmt: skip


def rows(table: str) -> list[tuple[str, str]]:
    """Text and what it comes to."""
    lines = table.replace("\\\n", "").strip().splitlines()
    return [(text.strip(), wanted.strip()) for text, _, wanted in (line.partition("=>") for line in lines)]


ROWS = [row for table in TABLES.values() for row in rows(table)]
