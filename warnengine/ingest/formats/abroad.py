"""Which danger issuers abroad mean: their words for it, and the lists that their codes are from.

The keys are those of a rule book; one that the book does not have comes to nothing, and the issuer's word is kept.
"""

from __future__ import annotations

import re

from warnengine.ingest.formats.pairs import Pairs
from warnengine.model.hazard import HazardTable

_WORDS = {
    "flash_flood": "flash flood",
    "flood": "flood|flooding|hydrological|inondation|inondations|crue|crues"
    "|inundación|inundaciones|inundação|hochwasser"
    "|översvämning|flom|banjir|наводнение|паводок|povodeň|povodně|洪水|河川高水位"
    "|淹水|high flow",
    "rainstorm": "heavy rain|heavy rainfall|rainstorm|torrential rain|rain|rainfall"
    "|rainfall warning|downpour|pluie|pluies|lluvia|lluvias|chuva|chuvas"
    "|pioggia|starkregen|dauerregen|ergiebiger|regen|regn|hujan|yağmur"
    "|ливень|дождь|дожди|осадки|ulewa|deszcz|déšť|srážky|أمطار|降雨|大雨|豪雨|大豪雨"
    "|超大豪雨",
    "gale": "wind|winds|gale|gales|storm force|windstorm|wind gusts|vent|vents"
    "|viento|vientos|vento|ventos|böen|windböen|sturmböen|sturm|orkan"
    "|orkanböen|orkanartige|kuling|vind|ветер|wiatr|vítr|rüzgar|رياح"
    "|monsoon signal|強風|陸上強風|強烈季候風信號|強烈季候風",
    "sea_gale": "small craft|hazardous seas",
    "thunderstorm": "thunderstorm|thunderstorms|thunder|orage|orages|tormenta|tormentas"
    "|trovoada|temporali|gewitter|гроза|грозы|burza|burze|bouřka|bouřky"
    "|åska|雷雨|大雷雨",
    "thunderstorm_gale": "雷雨大風|雷暴大風",
    "lightning": "lightning|petir|闪电|雷擊",
    "tornado": "tornado|tornadoes|tornade|trombe",
    "hail": "hail|hagel|grêle|granizo|град|kroupy",
    "typhoon": "typhoon|hurricane|tropical storm|tropical cyclone|cyclone"
    "|cyclonic storm|cyclonic|ouragan|huracán|颱風|熱帶氣旋",
    "snowstorm": "snow|snowfall|snowstorm|blizzard|winter storm|snow-ice|snow squall"
    "|neige|nieve|schneefall|schnee|snø|snö|снег|метель|śnieg|sníh|sněžení"
    "|大雪特報",
    "road_icing": "black ice|icing|freezing rain|freezing drizzle|ice storm|glatteis"
    "|glätte|verglas|гололед|гололёд|náledí|ledovka",
    "frost": "frost|freeze|gel|gelée|gelées|helada|heladas|geada|заморозки",
    "low_temperature": "extreme cold|cold|low temperature|low-temperature|wind chill|cold wave"
    "|froid|frío|frio|mráz|мороз|kälte|低溫|寒流",
    "heat": "heat|excessive heat|high temperature|high-temperature|canicule|chaleur"
    "|calor|hitze|жара|upał|高溫",
    "fog": "fog|dense fog|brouillard|niebla|nebel|туман|mgła|mlha|濃霧",
    "sandstorm": "dust|dust storm|sandstorm|blowing dust|polvo|пыльная буря",
    "heavy_pollution": "air quality|air pollution|smog",
    "drought": "drought|sécheresse|sequía|seca|枯旱|乾旱",
    "wildfire": "wildfire|bushfire|bush fire|grass fire|grassfire|brush fire",
    "forest_fire": "fire weather|red flag|fire danger|forest fire|forest fires|forest-fire"
    "|feu de forêt|waldbrand",
    "avalanche": "avalanche|avalanches|lawinen|lavin",
    "geological": "landslide|landslides|landslip|debris flow|mudslide|rockfall"
    "|deslizamiento|土石流|山崩|大規模崩塌",
    "earthquake": "earthquake|seismic|terremoto|sismo|séisme|erdbeben|gempa|gempabumi"
    "|землетрясение|地震",
    "marine": "tsunami|storm surge|high surf|coastal flood|coastal event|coastalevent"
    "|rip current|beach hazards|海嘯|長浪",
    "reservoir_danger": "dam failure|dam break",
    "freeze": "冰冻",
}  # fmt: skip
"""Key → words, in the languages that have been seen."""
_BY_WORD = {word: key for key, words in _WORDS.items() for word in words.split("|")}
_WORD = re.compile(
    r"(?<![^\W_])(" + "|".join(map(re.escape, sorted(_BY_WORD, key=len, reverse=True))) + r")(?![^\W_])", re.I
)
_HAN = re.compile("|".join(sorted((word for word in _BY_WORD if word > "\u2e80"), key=len, reverse=True)))

_CODES = {
    "awareness_type": {
        "gale": "1", "snowstorm": "2", "thunderstorm": "3", "fog": "4", "heat": "5", "low_temperature": "6",
        "marine": "7", "forest_fire": "8", "avalanche": "9", "rainstorm": "10", "flood": "12 13",
    },
    "same": {
        "avalanche": "avw ava", "snowstorm": "bzw wsw wsa", "marine": "cfa cfw tsa tsw ssa ssw",
        "sandstorm": "dsw", "earthquake": "eqw", "flash_flood": "ffa ffw ffs", "flood": "fla flw fls",
        "wildfire": "frw", "typhoon": "hua huw hls tra trw tya tyw", "gale": "hwa hww eww", "sea_gale": "smw",
        "thunderstorm": "sva svr svs", "tornado": "toa tor",
    },
    "vtec": {
        "snowstorm": "bz ws ww sq", "road_icing": "is zr", "marine": "cf su rp bh ts ss", "flood": "ls fa fl",
        "sandstorm": "du ds", "low_temperature": "ec wc cw", "heat": "eh xh ht", "flash_flood": "ff",
        "fog": "fg mf", "frost": "fr fz hz", "forest_fire": "fw", "typhoon": "hu hf ti tr ty",
        "gale": "hw ew wi lw", "sea_gale": "gl sr sc se ma", "thunderstorm": "sv", "tornado": "to",
        "heavy_pollution": "as",
    },
    "cap-cp": {
        "avalanche": "avalanche", "snowstorm": "blizzard winterstorm snowfall snowsquall",
        "sandstorm": "duststrm", "earthquake": "earthquake", "road_icing": "flashfreeze freezerain freezedrzl",
        "flash_flood": "flashflood", "flood": "flood", "wildfire": "forestfire wildfire grassfire",
        "fog": "fog", "frost": "frost", "sea_gale": "galewind", "typhoon": "hurricane tropstorm typhoon",
        "geological": "landslide", "rainstorm": "rainfall", "marine": "stormsurge tsunami",
        "thunderstorm": "thunderstorm", "tornado": "tornado", "gale": "wind", "low_temperature": "windchill",
        "heat": "heathumidity", "reservoir_danger": "damoverflow", "heavy_pollution": "airquality",
    },
    "aueventlist": {
        "thunderstorm": "thunderstorm", "wildfire": "bushfire grassfire", "flood": "flood",
        "flash_flood": "flashflood", "typhoon": "cyclone", "gale": "wind galeforcewind",
        "rainstorm": "rainfall", "marine": "tsunami stormsurge", "earthquake": "earthquake", "heat": "heatwave",
        "sandstorm": "dust", "fog": "fog", "frost": "frost", "geological": "landslide", "snowstorm": "snow",
        "tornado": "tornado", "road_icing": "icing",
    },
    "cap-twp": {
        "earthquake": "earthquake", "marine": "tsunami", "typhoon": "typhoon", "rainstorm": "rainfall",
        "thunderstorm": "thunderstorm", "fog": "densefog", "gale": "strongwind",
        "low_temperature": "lowtemperature", "heat": "hightemperature", "geological": "debrisflow landslide",
        "flood": "highwater", "waterlogging": "flooding flood", "drought": "drought",
    },
    "eventtype": {
        "earthquake": "eq", "typhoon": "tc", "flood": "fl rainflood", "wildfire": "wf", "drought": "dr",
        "marine": "ts stormsurge", "gale": "gale wind", "rainstorm": "rain", "snowstorm": "snow",
        "thunderstorm_gale": "雷雨大風|雷暴大風",
    "lightning": "lightning", "road_icing": "icing", "forest_fire": "forestfire",
    },
    "group": {
        "gale": "wind", "thunderstorm": "thunderstorm", "rainstorm": "rain", "hail": "hail",
        "snowstorm": "snowfall snowdrift", "fog": "fog", "frost": "frost", "road_icing": "glaze",
        "heat": "heat", "tornado": "tornado",
    },
}  # fmt: skip
"""List → key → codes: MeteoAlarm, SAME (47 CFR 11.31), VTEC (NWSI 10-1703), CAP-CP, AUeventLIST, CAP-TWP, GDACS,
met.no, DWD."""
_LISTS = {
    name: {code: key for key, codes in keys.items() for code in codes.split()} for name, keys in _CODES.items()
}
_PHENOMENON = re.compile(r"/[OTEX]\.[A-Z]{3}\.[A-Z0-9]{4}\.([A-Z]{2})\.[A-Z]\.")


def listed(event: str, codes: Pairs, table: HazardTable) -> str:
    """The key of the danger that an info block means, empty where nothing says: by the issuer's word for it, then
    by the lists that its codes are from. A title also names causes and surroundings, so it is not asked."""
    keys = (_in_words(event), *_by_lists(codes))
    return next((key for key in keys if key and table.get(key)), "")


def _in_words(text: str) -> str:
    found = _WORD.search(text[:300]) or _HAN.search(text[:300])
    return _BY_WORD[found.group().lower()] if found else ""


def _by_lists(codes: Pairs) -> list[str]:
    named = [(name, value) for key, value in codes if (name := _list(key))]
    return [key for name, value in named if (key := _LISTS[name].get(_code(name, value), ""))]


def _list(key: str) -> str:
    """Which list a valueName names: whole for short names, a part of it for a profile's."""
    lower = key.lower()
    if lower in _LISTS:
        return lower
    if lower == "nwsvtec":
        return "vtec"
    return next((name for name in ("cap-cp", "cap-twp", "aueventlist") if name in lower and "event" in lower), "")


def _code(name: str, value: str) -> str:
    if name == "vtec":
        found = _PHENOMENON.search(value)
        return found[1].lower() if found else ""
    return value.partition(";")[0].strip().lower()
