"""How a rule is broken: one small change of the source each."""

import ast
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

OPPOSITES: dict[type, type] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A module's source with one thing changed."""

    line: int
    what: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a module."""
    tree = ast.parse(source)
    for number, node in enumerate(_of_functions(tree)):
        for variant, what in _variants(node):
            changed = deepcopy(tree)
            target = list(_of_functions(changed))[number]
            variant(target)
            mutated = ast.unparse(ast.fix_missing_locations(changed))
            if mutated != ast.unparse(tree):
                yield Mutant(getattr(node, "lineno", 0), what, mutated)


def _of_functions(tree: ast.Module) -> Iterator[ast.AST]:
    """Walk what runs when a rule is applied, not what is said once when the module is read."""
    for outer in ast.walk(tree):
        if isinstance(outer, ast.FunctionDef):
            for statement in outer.body:
                yield from (node for node in ast.walk(statement) if not isinstance(node, ast.FunctionDef))


def _variants(node: ast.AST) -> Iterator[tuple[object, str]]:
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


def _compares(op: type) -> object:
    def change(node: ast.Compare) -> None:
        node.ops = [op()]

    return change


def _operates(op: type) -> object:
    def change(node: ast.BoolOp) -> None:
        node.op = op()

    return change


def _tests(*, value: bool) -> object:
    def change(node: ast.If) -> None:
        node.test = ast.Constant(value)

    return change


def _is(value: object) -> object:
    def change(node: ast.Constant) -> None:
        node.value = value

    return change


def _says(part: object) -> object:
    """Let an expression be a part of itself."""

    def change(node: ast.AST) -> None:
        inner = part(node)
        node.__class__ = type(inner)
        node.__dict__ = dict(inner.__dict__)

    return change
