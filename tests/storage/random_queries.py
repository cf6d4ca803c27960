"""Random searches over random_records: every modifier and prefix, chains, `_has`, `_filter`."""

from __future__ import annotations

from random import Random

from tests.storage import random_records as pool
from tests.storage.plain_search import EVERY, PARAMETERS, Parameter
from tests.storage.random_records import COUNTS, Records

PREFIXES = ["", "", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]
Pairs = list[tuple[str, str]]


def escaped(text: str) -> str:
    for mark in "\\,|$":
        text = text.replace(mark, "\\" + mark)
    return text


class Queries:
    """Makes (type, pairs), from one seed."""

    parameters = PARAMETERS
    counts = COUNTS

    def __init__(self, seed: int, updated: list[str]) -> None:
        self.random = Random(seed)
        self.ids = Records(0).ids
        self.updated = updated

    def one(self) -> tuple[str, Pairs]:
        kind = self.random.choice(list(self.counts))
        return kind, [self.pair(kind) for _ in range(self.random.choice([1, 1, 1, 2, 2, 3]))]

    def pick(self, values):
        return self.random.choice(list(values))

    def pair(self, kind: str, *, depth: int = 0) -> tuple[str, str]:
        """One parameter of a search, perhaps through chains."""
        way = self.random.random()
        if depth < 3 and way < 0.22:
            found = self._chain(kind, depth)
            if found:
                return found
        elif depth < 2 and way < 0.36:
            found = self._has(kind, depth)
            if found:
                return found
        elif way < 0.40 and kind in ("Patient", "Observation", "Condition", "Encounter"):
            lists = self.random.sample(self.ids["List"], self.random.randint(1, 2))
            return "_list", ",".join(lists)
        elif way < 0.50:
            return "_filter", self.filter(kind)
        return self._plain(kind)

    def _chain(self, kind: str, depth: int) -> tuple[str, str] | None:
        ways = [(n, p) for n, p in self.parameters[kind].items() if p.kind == "reference"]
        if not ways:
            return None
        name, parameter = self.pick(ways)
        targets = [t for t in parameter.targets if t in self.counts]
        target = self.pick(targets)
        key, value = self.pair(target, depth=depth + 1)
        is_typed = self.random.random() < 0.7 or len(parameter.targets) == 1
        own = key.split(".")[0].split(":")[0]
        if not is_typed and any(self._kind(t, own) != self._kind(target, own) for t in targets):
            # Without a type it goes through all, and they must read the value alike.
            is_typed = True
        if not is_typed and ("." in key or own in ("_has", "_filter")):
            is_typed = True
        return (f"{name}:{target}.{key}" if is_typed else f"{name}.{key}"), value

    def _has(self, kind: str, depth: int) -> tuple[str, str] | None:
        ways = [
            (source, name)
            for source, known in self.parameters.items()
            for name, p in known.items()
            if p.kind == "reference" and kind in p.targets
        ]
        if not ways:
            return None
        source, name = self.pick(ways)
        key, value = self.pair(source, depth=depth + 1)
        return f"_has:{source}:{name}:{key}", value

    def _plain(self, kind: str) -> tuple[str, str]:
        name = self.pick(self.parameters[kind])
        if self.random.random() < 0.1:
            name = self.pick(EVERY)
        parameter = (EVERY | self.parameters[kind])[name]
        if name not in ("_id", "_lastUpdated") and self.random.random() < 0.08:
            return f"{name}:missing", self.pick(["true", "false"])
        modifier = self.modifier(name, parameter)
        count = self.random.choice([1, 1, 1, 1, 2, 3])
        values = [self.value(kind, name, parameter, modifier) for _ in range(count)]
        return (f"{name}:{modifier}" if modifier else name), ",".join(values)

    def modifier(self, name: str, p: Parameter) -> str:
        if name in ("_id", "_lastUpdated"):
            return ""
        match p.kind:
            case "token":
                choices = ["", "", "", "not"]
                if p.datatype in ("CodeableConcept", "Coding", "Identifier"):
                    choices.append("text")
                if p.datatype == "Identifier":
                    choices.append("of-type")
                return self.pick(choices)
            case "string":
                return self.pick(["", "", "exact", "contains"])
            case "reference":
                kinds = [t for t in p.targets if t in self.counts]
                return self.pick(["", "", "identifier", *kinds])
            case "uri":
                return self.pick(["", "", "below", "above"])
        return ""

    def value(self, kind: str, name: str, p: Parameter, modifier: str) -> str:
        match p.kind:
            case "token":
                return self.token(kind, name, p, modifier)
            case "string":
                text = self.pick(
                    [*pool.FAMILIES, *pool.GIVENS, *pool.CITIES, *pool.DISPLAYS, "Dr Lovelace"]
                )
                if self.random.random() < 0.5:
                    text = text[: self.random.randint(1, 5)].strip()
                if self.random.random() < 0.2 and modifier != "exact":
                    text = text.upper()
                return escaped(text)
            case "date":
                dates = self.updated if name == "_lastUpdated" else [*pool.DATES, *pool.BIRTHS]
                prefix = self.pick(PREFIXES)
                # What is about now has no slack to speak of: nothing to compare.
                return (prefix if name != "_lastUpdated" or prefix != "ap" else "") + self.pick(
                    dates
                )
            case "quantity":
                system, code, unit = self.pick(pool.UNITS)
                number = self.pick(PREFIXES) + self.pick([*pool.NUMBERS, "7e1", "100", "69.9"])
                forms = [number, number, f"{number}||{escaped(unit)}"]
                if code:
                    forms.append(f"{number}|{system}|{escaped(code)}")
                return self.pick(forms)
            case "reference":
                return self.reference(p, modifier)
            case "uri":
                value = self.pick(pool.PROFILES)
                return self.pick([value, value.rsplit("/", 1)[0], value + "/x"])
            case "special":
                lon = self.pick(["16.1", "179.9", "-179.9"])
                far = self.pick(["5|km", "30|km", "900|m", "80|km"])
                return f"{48 + self.random.random():.3f}|{lon}|{far}"
            case _:
                return self.composite(name)

    def token(self, kind: str, name: str, p: Parameter, modifier: str) -> str:
        if modifier == "text":
            return escaped(self.pick(["blood", "Body", "grosse", "GRÖ", "rec", "Record n", "x"]))
        number = f"n{self.random.randint(1, 12)}"
        if modifier == "of-type":
            return f"http://v2|{self.pick(['MR', 'SS'])}|{number}"
        match p.datatype:
            case "boolean":
                return self.pick(["true", "false"])
            case "id":
                return self.pick(self.ids[kind])
            case "ContactPoint":
                return f"p{self.random.randint(1, 5)}@a.at"
            case "code":
                return {
                    "gender": self.pick(["male", "female", "other"]),
                    "type": "person",
                }.get(name, self.pick(["final", "amended", "planned", "finished", "active"]))
            case "Identifier":
                code = number
            case _:
                code = self.pick(pool.CODES)
        system = self.pick(pool.SYSTEMS)
        return self.pick([code, code, f"{system}|{code}", f"|{code}", f"{system}|"])

    def reference(self, p: Parameter, modifier: str) -> str:
        if modifier == "identifier":
            number = f"n{self.random.randint(1, 12)}"
            return self.pick([number, f"{self.pick(pool.SYSTEMS)}|{number}"])
        if modifier:
            return self.pick(self.ids[modifier])
        kind = self.pick([t for t in p.targets if t in self.counts])
        own = self.pick(self.ids[kind])
        base = "http://127.0.0.1:8000/fhir/"
        return self.pick(
            [own, f"{kind}/{own}", f"{base}{kind}/{own}", f"http://elsewhere.org/fhir/{kind}/{own}"]
        )

    def composite(self, name: str) -> str:
        codes = [self.pick(pool.CODES), f"{self.pick(pool.SYSTEMS)}|{self.pick(pool.CODES)}"]
        if name == "code-value-concept":
            second = [self.pick(pool.CODES), f"{self.pick(pool.SYSTEMS)}|{self.pick(pool.CODES)}"]
            n = self.random.randint(0, 1)
            return f"{codes[n]}${second[n]}"
        if name == "code-value-date":
            return f"{codes[0]}$2020"
        return f"{self.pick(codes)}${self.pick(PREFIXES)}{self.pick(pool.NUMBERS)}"

    def filter(self, kind: str, *, depth: int = 0) -> str:
        way = self.random.random()
        if depth < 2 and way < 0.3:
            word = self.pick(["and", "or"])
            return (
                f"{self.filter(kind, depth=depth + 1)} {word} {self.filter(kind, depth=depth + 1)}"
            )
        if depth < 2 and way < 0.4:
            return f"not ({self.filter(kind, depth=depth + 1)})"
        if depth < 2 and way < 0.5:
            return f"({self.filter(kind, depth=depth + 1)})"
        prefix = ""
        known = self.parameters[kind]
        if way < 0.7:
            ways = [(n, t) for n, p in known.items() for t in p.targets if t in self.counts]
            if ways:
                name, target = self.pick(ways)
                prefix, known = f"{name}:{target}.", self.parameters[target]
        name = self.pick([n for n, p in known.items() if p.kind in _ASKED])
        return prefix + self.comparison(name, known[name])

    def comparison(self, name: str, p: Parameter) -> str:
        if self.random.random() < 0.15:
            return f"{name} pr {self.pick(['true', 'false'])}"
        operator = self.pick(_ASKED[p.kind])
        value = self.value("Patient", name, p, "")
        if p.kind == "string":
            value = f'"{self.pick([*pool.GIVENS, *pool.CITIES, "a", "o"])}"'
        elif p.kind == "date":
            value = self.pick(pool.DATES)
        elif p.kind == "quantity":
            value = self.pick(pool.NUMBERS)
        return f"{name} {operator} {value}"

    def _kind(self, kind: str, name: str) -> tuple[str, str] | None:
        p = (EVERY | self.parameters[kind]).get(name)
        return (p.kind, p.datatype) if p else None


_ASKED = {
    "token": ["eq", "eq", "ne"],
    "string": ["eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le"],
    "date": ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "po"],
    "quantity": ["eq", "ne", "gt", "lt", "ge", "le"],
}
