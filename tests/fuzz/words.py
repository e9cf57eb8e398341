"""What mutations put into texts: tokens, numbers, names, strings and frames around expressions."""

from __future__ import annotations

CANARY = "fuzz_canary"
"""What hostile strings do if any of them is ever run: they import a module of this name."""
_RUN = f"__import__('{CANARY}')"


def _parts(text: str, between: str | None = None) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(between) if part.strip())


FOREIGN = _parts("""
    -> choose { } ( ) [ ] , = keep any all - ** on tied repeat for in return .. none each x frozen where * as if then
    else and or not maybe true use from let op ops cell meta extern space strategy search : . < <= == + / // % " # sum
    data loss mean concat identity zero skip relu conv(4,3) bn size( pin( last( len( share( over(t) same
""")
NUMBERS = _parts(
    """0|1|2|3|7|64|1000|100000|1000000000|9223372036854775808|1e308|1e-308|0.5|1.0|1.5|10 ** 400|3x3|1x3x3|0x0|1x1x1x1|
    600M|2T|true|none|"a"|1..3|-1|(-1)|(0 - 3)|1 / 3|(choose 1..3)|(choose {1, 2} as n)|n|same|x.channels""",
    "|",
)
NAMES = _parts("""
    f F _ __ _true None_ class_ self torch nn Supernet Network ROWS forward weights drop_path import_ lambda def x y in_
    e x_2 x_1 train eval parameters name output weight list dict type é ℝ 变 ǅ ﬁ 𝒙
""")
NAMES += ("l" * 70, "a" * 5_000)
STRINGS = ("", "a", r"\n", r"\t", r"\"", "'", "'''", r"\"\"\"", rf"\"\"\"\n{_RUN}\n\"\"\"", rf"'''\n{_RUN}\n'''")
STRINGS += ("{{ 7 * 7 }}", "{% raw %}", f"{{{{ {_RUN} }}}}", f"{{{_RUN}}}", "%s%n", "${HOME}", "`", "#", "&amp;")
STRINGS += ("<script>", "]]>", "--> x", "\x1b[31m", "\x00", "\r", "\u202e", "\U0001f600", r"nul\\", r"\\N{BULLET}")
STRINGS += ("../../x", "/dev/null", "CON", f"{CANARY}:C", "run:x", "left", "**", "*.kind", "x[0]", "[", "a.b..c")
STRINGS += ("x" * 3_000,)
CHARACTERS = "\x00\x1b\r\n\t \"'`#{}[]()<>=-*.,:;\\/|&é→×…–−^!?@$%~0123456789abcxyzKMGT_\u00a0\u2028\ufeff\U0001f600"
FRAMES = _parts(
    """(@) ; (-@) ; (not @) ; [@] ; [@, @] ; (@, @) ; [*@] ; {@, @} ; @() ; @(@) ; (@).channels ; (@)[1] ; (@)[<2] ;
    choose {@, identity} ; choose {a: @, b: @} ; (choose @) ; (choose 1..@) ; (maybe @) ; (maybe @ as g) ; each @ ;
    frozen (@) ; [@ for i in 1..3] ; (repeat 2 { @ }) ; (tied repeat choose 1..3 { @ }) ;
    (repeat choose 0..2 as n { @ }) ; (if @ then @ else 1) ; (if true then @ else @) ; (@ -> keep 1) ;
    (@ -> keep any as k) ; (@ -> keep 0..2) ; (@ -> sum) ; (@ -> concat) ; (@ -> @) ; (last(1, @)) ; (len(@)) ;
    round(@) ; (@..@) ; (@ + @) ; (@ * @) ; (@ / @) ; (@ // 2) ; (@ ** @) ; (@ == @) ; (@ < 3) ; (@ and @) ; (@ in @) ;
    (@ not in @)""",
    ";",
)
"""Frames around an expression, which stands where the `@` are."""
NESTED = _parts(
    """(@)|[@]|-@|not @|choose {a: @}|(maybe @)|[*@]|f(@)|repeat 1 { @ }|each @|1 + @|relu -> @|{a: @}|
    if true then @ else 1""",
    "|",
)
"""Frames that are put around an expression again and again."""
MILD = _parts(
    """(@) ; choose {@, identity} ; (choose {a: @, b: identity, c: zero} as kind_) ; (maybe @) ; (maybe @ as gate_) ;
    (repeat 2 { @ }) ; (repeat choose 0..2 as times_ { @ }) ; (tied repeat choose 1..3 { @ }) ;
    (if true then @ else @) ; frozen (@) ; (@ -> relu) ; (relu -> @) ; ([@, @] -> sum) ;
    ([@, @, @] -> keep any as kept_ -> sum) ; ([@, @] -> keep 0..1 -> sum) ; ([@ for i in 1..2] -> mean) ; (@ + @) ;
    (@ * @)""",
    ";",
)
"""Frames in which much still means something."""
OPERATORS = _parts(
    """relu|bn|identity|zero|skip|sigmoid|conv(same, 3)|pointwise()|depthwise(3)|max_pool(3)|avg_pool(2)|dropout(.5)|
    scale|bias|layer_norm|softmax|channel_shuffle(2)|conv(4, 1)|linear(4)|global_avg_pool|gelu|upsample(2)|
    max_pool(2, 2)""",
    "|",
)
CONSTRAINTS = _parts(
    """params <= 10K|flops <= 1M|depth <= 5|params in 1..100K|flops <= 1|kind_ != "a"|kind_ == 1|times_ <= 1|
    size("**") <= 2|size("**.kept_") >= 2|pin("**.kind_", "a")|not gate_|gate_ or times_ == 1|1 <= 2|times_ in {0, 2}|
    1 in kept_""",
    "|",
)
