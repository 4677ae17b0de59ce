"""How a rule is broken: one small change of the source each."""

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass

OPPOSITES: dict[type, type] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add,
}  # fmt: skip

Variant = Callable[[ast.AST], None]


@dataclass(frozen=True)
class Mutant:
    """A module's source with one thing changed."""

    line: int
    where: str
    what: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a module."""
    tree = ast.parse(source)
    whole = ast.unparse(tree)
    for number, line, where, what, variant in breaks(tree):
        changed = deepcopy(tree)
        _, target = list(_of_functions(changed))[number]
        variant(target)
        mutated = ast.unparse(ast.fix_missing_locations(changed))
        if mutated != whole:
            yield Mutant(line, where, what, mutated)


def breaks(tree: ast.Module) -> Iterator[tuple[int, int, str, str, Variant]]:
    """Yield what can be broken: the node's number and line, its function, what is done to it, and how."""
    seen: Counter[tuple[str, str]] = Counter()
    for number, (where, node) in enumerate(_of_functions(tree)):
        for variant, what in _variants(node):
            seen[where, what] += 1
            again = f" ({seen[where, what]})" if seen[where, what] > 1 else ""
            yield number, getattr(node, "lineno", 0), where, what + again, variant


def _of_functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Walk what runs when a rule is applied, not what is said once when the module is read."""
    for outer in ast.walk(tree):
        if isinstance(outer, ast.FunctionDef):
            for statement in outer.body:
                for node in ast.walk(statement):
                    if not isinstance(node, ast.FunctionDef):
                        yield outer.name, node


def _variants(node: ast.AST) -> Iterator[tuple[Variant, str]]:
    match node:
        case ast.Compare(ops=[op]) if type(op) in OPPOSITES:
            yield _compares(OPPOSITES[type(op)]), f"{_said(node)}: {OPPOSITES[type(op)].__name__}"
        case ast.BoolOp(op=op):
            yield _operates(OPPOSITES[type(op)]), f"{_said(node)}: {OPPOSITES[type(op)].__name__}"
        case ast.BinOp(op=op) if type(op) in OPPOSITES:
            yield _operates(OPPOSITES[type(op)]), f"{_said(node)}: {OPPOSITES[type(op)].__name__}"
        case ast.UnaryOp(op=ast.Not()):
            yield _says(lambda found: found.operand), f"{_said(node)}: without not"
        case ast.IfExp():
            yield _says(lambda found: found.body), f"{_said(node)}: always the first"
            yield _says(lambda found: found.orelse), f"{_said(node)}: always the second"
        case ast.If():
            yield _tests(value=True), f"if {_said(node.test)}: always"
            yield _tests(value=False), f"if {_said(node.test)}: never"
        case ast.Constant(value=bool() as value):
            yield _is(not value), f"{value}: {not value}"
        case ast.Constant(value=int() as value):
            yield _is(value + 1), f"{value}: {value + 1}"


def _said(node: ast.AST) -> str:
    return ast.unparse(node)[:80]


def _compares(op: type) -> Variant:
    def change(node: ast.Compare) -> None:
        node.ops = [op()]

    return change


def _operates(op: type) -> Variant:
    def change(node: ast.BoolOp) -> None:
        node.op = op()

    return change


def _tests(*, value: bool) -> Variant:
    def change(node: ast.If) -> None:
        node.test = ast.Constant(value)

    return change


def _is(value: object) -> Variant:
    def change(node: ast.Constant) -> None:
        node.value = value

    return change


def _says(part: Callable[[ast.AST], ast.AST]) -> Variant:
    """Let an expression be a part of itself."""

    def change(node: ast.AST) -> None:
        inner = part(node)
        node.__class__ = type(inner)
        node.__dict__ = dict(inner.__dict__)

    return change
