"""A naive DynamoDB: tables as dictionaries, expressions as trees that are walked.

Values are the API's own JSON ({"S": "a"}), made canonical so that equal ones compare equal: numbers
as Decimal, sets as frozensets. Slow and obvious on purpose; model_test.py plays the same random
operations on it and on the server. Expressions are nested tuples, rendered to text by `Text` and
evaluated by `holds` and `update`.
"""
import base64
import copy
from decimal import Context, Decimal

DIGITS = Context(prec=38)


def plain(number):
    """One form for equal numbers; -0 is 0."""
    return DIGITS.plus(DIGITS.normalize(number)) if number else Decimal(0)


class Refused(Exception):
    """The exception that the service answers with."""


def canonical(value):
    """From JSON: {"N": "1.0"} -> ("N", Decimal(1))."""
    (kind, inner), = value.items()
    if kind == "N":
        return kind, plain(Decimal(inner))
    if kind == "NS":
        return kind, frozenset(plain(Decimal(n)) for n in inner)
    if kind in ("SS", "BS"):
        return kind, frozenset(inner)
    if kind == "L":
        return kind, [canonical(element) for element in inner]
    if kind == "M":
        return kind, {name: canonical(element) for name, element in inner.items()}
    return kind, inner


def item_of(attributes):
    return {name: canonical(value) for name, value in attributes.items()}


def number_text(number):
    return format(number, "f") if abs(number.adjusted()) < 30 else str(number)


def to_json(value):
    kind, inner = value
    if kind == "N":
        return {kind: number_text(inner)}
    if kind == "NS":
        return {kind: [number_text(n) for n in sorted(inner)]}
    if kind in ("SS", "BS"):
        return {kind: sorted(inner)}
    if kind == "L":
        return {kind: [to_json(element) for element in inner]}
    if kind == "M":
        return {kind: {name: to_json(element) for name, element in inner.items()}}
    return {kind: inner}


def json_item(item):
    return {name: to_json(value) for name, value in item.items()}


def sort_key(value):
    """Order within one type: strings by UTF-8, binaries by bytes (the pool's base64 keeps it)."""
    kind, inner = value
    return inner.encode() if kind in "SB" else inner


# -- expressions -----------------------------------------------------------------------------------

class Text:
    """Renders trees; names and values become placeholders."""

    def __init__(self):
        self.names, self.values = {}, {}

    def path(self, path):
        text = ""
        for step in path:
            if isinstance(step, int):
                text += f"[{step}]"
            else:
                placeholder = "#" + step
                self.names[placeholder] = step
                text += ("." if text else "") + placeholder
        return text

    def value(self, value):
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = to_json(value)
        return placeholder

    def operand(self, tree):
        kind = tree[0]
        if kind == "path":
            return self.path(tree[1])
        if kind == "value":
            return self.value(tree[1])
        if kind == "size":
            return f"size({self.path(tree[1])})"
        if kind in ("+", "-"):
            return f"{self.operand(tree[1])} {kind} {self.operand(tree[2])}"
        return f"{kind}({', '.join(self.operand(part) for part in tree[1:])})"

    def condition(self, tree):
        kind = tree[0]
        if kind in ("AND", "OR"):
            return f"({self.condition(tree[1])}) {kind} ({self.condition(tree[2])})"
        if kind == "NOT":
            return f"NOT ({self.condition(tree[1])})"
        if kind == "BETWEEN":
            return "{} BETWEEN {} AND {}".format(*map(self.operand, tree[1:]))
        if kind == "IN":
            return f"{self.operand(tree[1])} IN ({', '.join(map(self.operand, tree[2]))})"
        if kind in ("=", "<>", "<", "<=", ">", ">="):
            return f"{self.operand(tree[1])} {kind} {self.operand(tree[2])}"
        return f"{kind}({', '.join(self.operand(part) for part in tree[1:])})"

    def update(self, clauses):
        parts = []
        for word in ("SET", "REMOVE", "ADD", "DELETE"):
            of_word = [clause for clause in clauses if clause[0] == word]
            texts = []
            for clause in of_word:
                path = self.path(clause[1])
                if word == "SET":
                    texts.append(f"{path} = {self.operand(clause[2])}")
                else:
                    texts.append(path if word == "REMOVE" else f"{path} {self.value(clause[2])}")
            if texts:
                parts.append(f"{word} {', '.join(texts)}")
        return " ".join(parts)

    def into(self, request):
        if self.names:
            request["ExpressionAttributeNames"] = self.names
        if self.values:
            request["ExpressionAttributeValues"] = self.values


def find(item, path):
    """The value at a path, or None."""
    value = ("M", item)
    for step in path:
        kind, inner = value
        if isinstance(step, int):
            if kind != "L" or step >= len(inner):
                return None
            value = inner[step]
        else:
            if kind != "M" or step not in inner:
                return None
            value = inner[step]
    return value


def size_of(value):
    kind, inner = value
    if kind == "B":
        return "N", Decimal(len(base64.b64decode(inner)))
    return ("N", Decimal(len(inner))) if kind in ("S", "L", "M", "SS", "NS", "BS") else None


def operand_value(item, tree):
    if tree[0] == "path":
        return find(item, tree[1])
    if tree[0] == "size":
        value = find(item, tree[1])
        return value and size_of(value)
    return tree[1]


def compare(kind, a, b):
    if kind == "<>":
        return a != b
    if a is None or b is None:
        return False
    if kind == "=":
        return a == b
    if a[0] != b[0] or a[0] not in "SNB":
        return False
    x, y = sort_key(a), sort_key(b)
    return {"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[kind]


def contains(container, value):
    kind, inner = container
    if kind == "S":
        return value[0] == "S" and value[1] in inner
    if kind == "B":
        return value[0] == "B" and base64.b64decode(value[1]) in base64.b64decode(inner)
    if kind == "L":
        return value in inner
    return kind in ("SS", "NS", "BS") and kind[0] == value[0] and value[1] in inner


def holds(tree, item):
    kind = tree[0]
    if kind == "AND":
        return holds(tree[1], item) and holds(tree[2], item)
    if kind == "OR":
        return holds(tree[1], item) or holds(tree[2], item)
    if kind == "NOT":
        return not holds(tree[1], item)
    values = [operand_value(item, part) for part in tree[1:] if kind != "IN"]
    if kind == "BETWEEN":
        return compare(">=", values[0], values[1]) and compare("<=", values[0], values[2])
    if kind == "IN":
        return any(compare("=", operand_value(item, tree[1]), operand_value(item, other)) for other in tree[2])
    if kind == "attribute_exists":
        return values[0] is not None
    if kind == "attribute_not_exists":
        return values[0] is None
    if kind == "attribute_type":
        return values[0] is not None and values[0][0] == values[1][1]
    if kind == "begins_with":
        return values[0] is not None and values[0][0] == values[1][0] and values[0][1].startswith(values[1][1])
    if kind == "contains":
        return values[0] is not None and contains(values[0], values[1])
    return compare(kind, *values)


# -- updates ---------------------------------------------------------------------------------------

def computed(item, tree):
    """The right side of SET."""
    kind = tree[0]
    if kind == "value":
        return tree[1]
    if kind == "path":
        value = find(item, tree[1])
        if value is None:
            raise Refused("ValidationException")
        return value
    if kind == "if_not_exists":
        value = find(item, tree[1][1])
        return computed(item, tree[2]) if value is None else value
    a, b = computed(item, tree[1]), computed(item, tree[2])
    if kind == "list_append":
        if a[0] != "L" or b[0] != "L":
            raise Refused("ValidationException")
        return "L", a[1] + b[1]
    if a[0] != "N" or b[0] != "N":
        raise Refused("ValidationException")
    return "N", plain(DIGITS.add(a[1], b[1]) if kind == "+" else DIGITS.subtract(a[1], b[1]))


def parent_of(item, path):
    parent = find(item, path[:-1]) if len(path) > 1 else ("M", item)
    if parent is None or parent[0] != ("L" if isinstance(path[-1], int) else "M"):
        raise Refused("ValidationException")
    return parent[1]


def add(old, value):
    if old is None:
        return value
    if old[0] != value[0] or old[0] not in ("N", "SS", "NS", "BS"):
        raise Refused("ValidationException")
    if old[0] == "N":
        return "N", plain(DIGITS.add(old[1], value[1]))
    return old[0], old[1] | value[1]


def update(item, clauses):
    """The new item; all right sides see the old one."""
    new = copy.deepcopy(item)
    removed = []
    for clause in clauses:
        word, path = clause[0], clause[1]
        if word == "SET":
            value, parent = copy.deepcopy(computed(item, clause[2])), parent_of(new, path)
            if isinstance(path[-1], int) and path[-1] >= len(parent):
                parent.append(value)
            else:
                parent[path[-1]] = value
        elif word == "REMOVE":
            removed.append((parent_of(new, path), path[-1]))
        elif word == "ADD":
            new[path[0]] = add(item.get(path[0]), clause[2])
        elif path[0] in item:
            old = item[path[0]]
            if old[0] != clause[2][0]:
                raise Refused("ValidationException")
            new[path[0]] = old[0], old[1] - clause[2][1]
            if not new[path[0]][1]:
                del new[path[0]]
    for parent, step in removed:
        if isinstance(parent, dict):
            parent.pop(step, None)
        elif step < len(parent):
            del parent[step]
    return new


# -- tables ----------------------------------------------------------------------------------------

class Index:
    def __init__(self, keys, projected=None, is_local=False):
        self.keys, self.projected, self.is_local = keys, projected, is_local  # projected None: all

    def has(self, item):
        return all(name in item for name, _ in self.keys)


class Table:
    def __init__(self, name, keys, indexes):
        self.name, self.keys, self.indexes = name, keys, indexes  # keys: [(name, type), …]
        self.items = {}
        self.changes = []  # (key, old item or None, new item or None)

    def key_of(self, item):
        return tuple(item[name] for name, _ in self.keys)

    def key_item(self, key):
        return {name: value for (name, _), value in zip(self.keys, key)}

    def check(self, item):
        """Index keys have their type and are not empty."""
        for index in self.indexes.values():
            for name, kind in index.keys:
                if name in item and (item[name][0] != kind or item[name][1] == ""):
                    raise Refused("ValidationException")

    def updated(self, key, old, clauses):
        """Removing alone makes no item."""
        if old is None and all(clause[0] in ("REMOVE", "DELETE") for clause in clauses):
            return None
        return update(old or self.key_item(key), clauses)

    def store(self, key, new):
        old = self.items.pop(key, None)
        if new is not None:
            self.items[key] = new
        if old != new:
            self.changes.append((key, old, new))

    def project(self, index, item):
        projected = self.indexes[index].projected if index else None
        if projected is None:
            return item
        keys = {name for name, _ in self.keys + self.indexes[index].keys}
        return {name: value for name, value in item.items() if name in keys or name in projected}

    def among(self, index):
        """What an index, or the table itself, holds; whole items."""
        return [item for item in self.items.values() if not index or self.indexes[index].has(item)]
