"""Parse trees to documents: what belongs on a line, and where lines may break."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from .comments import Comments
from .layout import WIDTH, Blank, Doc, choice, comment, concat, group, hard, join, line, nest, text
from .parser import Parsed
from .tokens import Token, Tree

Child = Tree[Token] | Token | None


class Documents:
    """Builds the document of a text without syntax errors."""

    def __init__(self, parsed: Parsed) -> None:
        self.parsed = parsed
        self.comments = Comments(parsed.tokens, parsed.comments)
        self.level = 0
        """How many sections are around; their settings are indented by twice as many columns."""

    def file(self) -> Doc:
        edition = self.parsed.tokens[:2]
        parts = [self.token(edition[0]), text(" "), self.token(edition[1])]
        for tree in self.parsed.trees:
            parts += [hard(self.empty_line(tree)), self.doc(tree)]
        parts += [comment(words, True, blank) for words, blank in self.comments.above_end]
        return join(parts)

    # ---- tokens ----

    def token(self, token: Token) -> Doc:
        """A token with the comments above and behind it."""
        notes = self.comments.take(token)
        words = " ".join(token.split()) if token.type in ("EXTERN_DATA", "EXTERN_LOSS") else str(token)
        if notes is None:
            return text(words)
        # Whether an empty line comes before all of it is for what stands around it to say.
        parts = [comment(above, True, blank and n > 0) for n, (above, blank) in enumerate(notes.above)]
        if notes.above and self.comments.empty_line_at(token):
            parts.append(Blank())
        return join([*parts, text(words), *(comment(behind, False) for behind in notes.behind)])

    def empty_line(self, child: Child) -> bool:
        """Whether an empty line comes before it and its comments."""
        return self.comments.empty_line_before(_first(child))

    def doc(self, child: Child) -> Doc:
        if child is None:
            return text("")
        if isinstance(child, Token):
            return self.token(child)
        return _RULES[child.data](self, child.children)

    def words(self, c: Sequence[Child]) -> Doc:
        """Everything, with a space between."""
        parts: list[Doc] = []
        for child in c:
            if child is not None:
                parts += [text(" "), self.doc(child)]
        return join(parts[1:])

    def glued(self, c: Sequence[Child]) -> Doc:
        """Everything, with nothing between."""
        return join([self.doc(child) for child in c])

    # ---- brackets ----

    def bracket(self, c: Sequence[Child], comma_means: bool = False) -> Doc:
        """A bracket with elements and commas: on one line, or an element a line with a comma behind each.

        A comma behind the last element asks for the latter, unless it means something.
        """
        opener, *inside, closer = [child for child in c if child is not None]
        start = self.doc(opener)
        elements: list[Doc] = []
        wished = False
        for n in range(0, len(inside), 2):
            child = inside[n]
            if n:
                elements.append(line(blank=self.empty_line(child)))
            if n + 1 < len(inside):
                elements += [self.doc(child), self.doc(inside[n + 1])]
                wished = n + 2 == len(inside) and not comma_means
            else:
                # The comma that a broken bracket brings comes before the comments.
                notes = self.comments.take_behind(_last(child))
                elements += [self.doc(child), choice(",", ""), *(comment(words, False) for words in notes)]
        return self.enclose(start, join(elements), closer, broken=wished)

    def enclose(self, start: Doc, inside: Doc, closer: Child, space: str = "", broken: bool = False) -> Doc:
        """Something in a bracket, which is indented where it has lines of its own."""
        dangling, end = self.closer(closer)
        return group(concat(start, nest(concat(line(space), inside, dangling)), line(space), end), broken)

    def closer(self, closer: Child) -> tuple[Doc, Doc]:
        """The comments above a closing bracket, which belong inside it, and the bracket."""
        assert isinstance(closer, Token)
        above = self.comments.take_above(closer)
        return join(comment(words, True, blank) for words, blank in above), self.token(closer)

    def in_brackets(self, c: Sequence[Child]) -> Doc:
        """`( e )`, `[ e ]` and the like, without commas."""
        return self.enclose(self.doc(c[0]), self.glued(c[1:-1]), c[-1])

    # ---- items ----

    def use(self, c: Sequence[Child]) -> Doc:
        return concat(self.words(c[:2]), text(" "), self.bracket(c[2:]))

    def op(self, c: Sequence[Child]) -> Doc:
        tied, keyword, name, parameters, inputs, body = c
        head = concat(self.words([tied, keyword, name]), self.doc(parameters))
        if inputs is not None:
            # Four, so that the inputs do not look like the first statement of the body.
            head = group(concat(head, nest(concat(line(), self.doc(inputs)), 4)))
        return concat(head, text(" "), self.doc(body))

    def tied(self, c: Sequence[Child]) -> Doc:
        return self.doc(c[0]) if c[1] is None else concat(self.doc(c[0]), self.bracket(c[1:]))

    def inputs(self, c: Sequence[Child]) -> Doc:
        parts = [self.doc(c[0]), text(" "), self.doc(c[1])]
        for comma, element in zip(c[2::2], c[3::2], strict=True):
            parts += [self.doc(comma), line(), self.doc(element)]
        return group(nest(join(parts), 3))

    def block(self, c: Sequence[Child]) -> Doc:
        start = self.doc(c[0])
        inside = self.lines(c[1:-1])
        dangling, end = self.closer(c[-1])
        return concat(start, nest(concat(hard(), inside, dangling)), hard(), end)

    def lines(self, c: Sequence[Child]) -> Doc:
        parts: list[Doc] = []
        for n, child in enumerate(c):
            parts += [hard(self.empty_line(child))] if n else []
            parts.append(self.doc(child))
        return join(parts)

    def ops(self, c: Sequence[Child]) -> Doc:
        return concat(self.words(c[:2]), self.doc(c[2]), text(" "), self.words(c[3:]))

    def extern(self, c: Sequence[Child]) -> Doc:
        head = concat(self.words(c[:3]), self.doc(c[3]), text(" "), self.words(c[4:7]))
        return concat(head, text(" "), self.section(cast("Tree[Token]", c[7]).children, own_lines=True))

    def extern_data(self, c: Sequence[Child]) -> Doc:
        head = concat(self.words(c[:2]), self.doc(c[2]), text(" "), self.words(c[3:5]))
        return concat(head, text(" "), self.section(cast("Tree[Token]", c[5]).children, own_lines=True))

    def space(self, c: Sequence[Child]) -> Doc:
        head = concat(self.words(c[:2]), self.doc(c[2]), text(" "), self.words(c[3:5]))
        return head if c[5] is None else group(concat(head, nest(concat(line(), self.doc(c[5])))))

    def where(self, c: Sequence[Child]) -> Doc:
        parts = [self.doc(c[0]), text(" "), self.doc(c[1])]
        for comma, element in zip(c[2::2], c[3::2], strict=True):
            parts += [self.doc(comma), line(), self.doc(element)]
        return group(nest(join(parts), 6))

    def strategy(self, c: Sequence[Child]) -> Doc:
        head = concat(self.words(c[:2]), self.doc(c[2]), text(" "), self.words(c[3:5]))
        return concat(head, text(" "), self.section(cast("Tree[Token]", c[5]).children, own_lines=True))

    def search(self, c: Sequence[Child]) -> Doc:
        return concat(self.words(c[:2]), text(" "), self.section(cast("Tree[Token]", c[2]).children, own_lines=True))

    # ---- statements ----

    def bind(self, c: Sequence[Child]) -> Doc:
        return concat(self.doc(c[0]), self.doc(c[1]), text(" "), self.words(c[2:]))

    def for_(self, c: Sequence[Child]) -> Doc:
        head = concat(self.words(c[:4]), text(" "), self.doc(c[4]))
        inside = self.lines(c[5:-1])
        dangling, end = self.closer(c[-1])
        if not inside.words and not dangling.trail:
            return concat(head, text(" "), end)
        return concat(head, nest(concat(hard(), inside, dangling)), hard(), end)

    # ---- settings ----

    def section(self, c: Sequence[Child], own_lines: bool = False) -> Doc:
        start, items, closer = self.doc(c[0]), cast("list[Tree[Token]]", list(c[1:-1])), c[-1]
        own_lines = own_lines or (bool(items) and self.comments.ends_line(cast(Token, c[0])))
        self.level += 1
        parts: list[Doc] = []
        for n, (item, rows) in enumerate(zip(items, self.aligned(items), strict=True)):
            parts += [line("  ", self.empty_line(item))] if n else []
            parts.append(rows)
        self.level -= 1
        dangling, end = self.closer(closer)
        if not items and not dangling.trail:
            return concat(start, text(" "), end)
        inside = nest(concat(line(), join(parts), dangling))
        return group(concat(start, inside, line(), end), own_lines)

    def aligned(self, items: Sequence[Tree[Token]]) -> list[Doc]:
        """The settings of a section; in lines of their own, neighbours of one line each stand aligned."""
        keys = [self.doc(item.children[0]) for item in items]
        rests = [self.rest(item) for item in items]
        rows = [concat(key, text(" "), rest) for key, rest in zip(keys, rests, strict=True)]
        indent = 2 * self.level
        start = 0
        while start < len(items):
            end = start
            longest = 0
            while end < len(items) and (end == start or not self.empty_line(items[end])):
                row = rows[end]
                if row.width is None or row.inner or indent + row.width > WIDTH:
                    break
                longest = max(longest, keys[end].width or 0)
                end += 1
            widths = [longest + 1 + (rest.width or 0) for rest in rests[start:end]]
            if all(indent + width <= WIDTH for width in widths):
                for n in range(start, end):
                    pad = choice(" " * (longest - (keys[n].width or 0)), "")
                    rows[n] = concat(keys[n], pad, text(" "), rests[n])
            start = max(end, start + 1)
        return rows

    def rest(self, item: Tree[Token]) -> Doc:
        """What comes behind the key of a setting or the name of a section."""
        return self.words(item.children[1:])

    # ---- expressions ----

    def chain(self, c: Sequence[Child], rule: str) -> Doc:
        """Operators of one rank in a row, which break before each of them."""
        links = [c[1:]]
        first = c[0]
        while isinstance(first, Tree) and first.data == rule:
            links.append(first.children[1:])
            first = first.children[0]
        start = self.doc(first)
        tail: list[Doc] = []
        for link in reversed(links):
            tail += [line(), self.words(link)]
        return group(concat(start, nest(join(tail))))

    def if_(self, c: Sequence[Child]) -> Doc:
        branches = concat(line(), self.words(c[2:4]), line(), self.words(c[4:6]))
        return group(concat(self.words(c[:2]), nest(branches)))

    def repeat(self, c: Sequence[Child]) -> Doc:
        tied, keyword, count, opener, body, closer = c
        start = concat(self.words([tied, keyword, count]), text(" "), self.doc(opener))
        return self.enclose(start, self.doc(body), closer, " ")

    def call(self, c: Sequence[Child]) -> Doc:
        arguments = [child for child in c[2:-1] if child is not None]
        if len(arguments) == 1 and self.hugged(c[1], arguments[0], c[-1]):
            return self.glued([c[0], c[1], arguments[0], c[-1]])
        return concat(self.doc(c[0]), self.bracket(c[1:]))

    def hugged(self, opener: Child, argument: Child, closer: Child) -> bool:
        """Whether an argument brings brackets of its own and needs no further indentation: `f([ … ])`."""
        if not isinstance(argument, Tree) or argument.children[0] is not None:
            return False
        value = argument.children[-1]
        if not isinstance(value, Tree) or value.data not in ("list", "set", "comprehension"):
            return False
        edges = (_first(opener), _first(value), _last(value), _first(closer))
        return not any(self.comments.at(token) for token in edges)

    def index(self, c: Sequence[Child]) -> Doc:
        return concat(self.doc(c[0]), self.in_brackets(c[1:]))

    def attribute(self, c: Sequence[Child]) -> Doc:
        last = _last(c[0])
        # `1.x` would be read as a broken number.
        gap = " " if last.type in ("NUMBER", "CROSS") else ""
        return concat(self.doc(c[0]), text(gap), self.glued(c[1:]))

    def colon(self, c: Sequence[Child]) -> Doc:
        """`name: value`, or the value alone."""
        if c[0] is None:
            return self.doc(c[2])
        return concat(self.glued(c[:2]), text(" "), self.doc(c[2]))

    def default(self, c: Sequence[Child]) -> Doc:
        return concat(text(" "), self.words(c))

    def tuple_(self, c: Sequence[Child]) -> Doc:
        return self.bracket(c, comma_means=sum(isinstance(child, Tree) for child in c) == 1)

    def comprehension(self, c: Sequence[Child]) -> Doc:
        inside = concat(self.doc(c[1]), line(), self.words(c[2:6]))
        return self.enclose(self.doc(c[0]), inside, c[6])


def _first(child: Child) -> Token:
    while isinstance(child, Tree):
        child = next(c for c in child.children if c is not None)
    assert child is not None
    return child


def _last(child: Child) -> Token:
    while isinstance(child, Tree):
        child = next(c for c in reversed(child.children) if c is not None)
    assert child is not None
    return child


_Rule = Callable[[Documents, Sequence[Child]], Doc]


def _chain(rule: str) -> _Rule:
    return lambda documents, c: documents.chain(c, rule)


_RULES: dict[str, _Rule] = {
    **dict.fromkeys(("let", "short", "return", "label", "imported", "type"), Documents.words),
    **dict.fromkeys(("choose", "maybe", "keep", "each", "frozen", "not", "power", "argument"), Documents.words),
    **dict.fromkeys(("dotted", "parameter", "input", "range", "negative", "splat"), Documents.glued),
    **dict.fromkeys(("name", "literal", "crossed"), Documents.glued),
    **dict.fromkeys(("parameters", "list", "set"), Documents.bracket),
    **dict.fromkeys(("parentheses", "place"), Documents.in_brackets),
    **dict.fromkeys(("index", "before"), Documents.index),
    **{rule: _chain(rule) for rule in ("pipe", "or", "and", "compare", "sum", "term")},
    "alternative": Documents.colon,
    "attribute": Documents.attribute,
    "bind": Documents.bind,
    "block": Documents.block,
    "call": Documents.call,
    "comprehension": Documents.comprehension,
    "configured": Documents.words,
    "default": Documents.default,
    "extern": Documents.extern,
    "extern_data": Documents.extern_data,
    "extern_loss": Documents.extern_data,
    "for": Documents.for_,
    "if": Documents.if_,
    "inputs": Documents.inputs,
    "op": Documents.op,
    "ops": Documents.ops,
    "repeat": Documents.repeat,
    "search": Documents.search,
    "section": Documents.section,
    "space": Documents.space,
    "strategy": Documents.strategy,
    "tied": Documents.tied,
    "tuple": Documents.tuple_,
    "use": Documents.use,
    "where": Documents.where,
}
