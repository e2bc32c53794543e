"""Writes Golden/JSON/cases.json: texts, and what Python's json makes of them when it is strict.

Run: python make_json.py   (Python 3 alone)

Strict: the bytes are UTF-8, no key comes twice in an object, NaN and Infinity are no numbers, half
a pair of surrogates is no text, and at most 64 brackets are open at once. A case is the text's
bytes in hexadecimal, and the value as JSON where there is one.
"""

import json
import pathlib

OUT = pathlib.Path(__file__).parent / "Golden" / "JSON" / "cases.json"

STRUCTURE = """
{} [] [[]] [{}] {"a":{}} [1] [1,2] [[1],[2]] {"a":1} {"a":1,"b":2} {"":0} {"a":[]} [1,] [,1] [,]
[1,,2] [ [1 1] [1 2] [1:2] [1;2] [1}] [1,2]] [][] [1 {"a" {"a": {"a":1 {"a":1, {"a":1}} {"a":1,}
{,} {"a"} {"a",1} {"a"=1} {"a":1 "b":2} {"a":1,,"b":2} {"a"::1} {:1} {1:1} {a:1} {'a':1}
{null:1} {true:1} {[]:1} ["a":1] {"a":1] ( (1) <1> 1,2 "a":1 {}{} {}x [*] [${x}] {{"a":1}} [[]
""".split() + ["", " ", "\n", "[1] 2", "[1 ,2 ]", ' { "a" : [ 1 , 2 ] } ', "[\t1,\r\n2]"]

DOUBLE = """
{"a":1,"a":1} {"a":1,"a":2} {"a":{},"a":[]} [{"b":1,"b":1}] {"x":{"b":1,"b":1}}
{"a":1,"\\u0061":2} {"A":1,"a":2} {"a":{"a":1},"b":{"a":1}} {"":1,"":2} {"a ":1,"a":2}
{"\\u00e9":1,"e\\u0301":2} {"\\u00e9":1,"é":2} {"\\n":1,"\\u000a":2}
{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"a":9}
""".split()

NUMBERS = """
0 -0 1 -1 10 123456789 9007199254740993 9223372036854775807 -9223372036854775808 1.0 0.5 -0.5
1.25 1e5 1E5 1e+5 1e-5 1.5e3 0e0 0e+1 1e-400 -1e-400 123e65 0.1 3.141592653589793 1e22 1e23 00
01 -01 -00 +1 ++1 --1 - + -a 1. .5 -.5 1.e5 1e 1e+ 1e- 1ee5 1e5.5 1.5.5 0x1 0b1 0o7 1_000 1,5 1f
1L 1n 0.1.2 1+2 1/2 1e1e1 NaN nan Infinity -Infinity inf -inf +Infinity NAN [NaN] [-Infinity]
{"a":NaN} [1,NaN] 1a １ [-] [1.] [.1] [01] [1e] [+1] [0x10] [-0] [1e5,2]
""".split() + ["- 1", "1 e5", "1. 5", "0 1"]

WORDS = """
true false null True False None TRUE tru nul fals truee nulll trueish nil undefined yes [true]
[nul] {"a":tru} true,false
""".split()

STRINGS = [
    '""', '"a"', '"é"', '"😀"', '"\u2028"', '"\u00a0"', '"\ufeff"', '"\x7f"', '"\\""', '"\\\\"',
    '"\\/"', '"/"', '"\\b\\f\\n\\r\\t"', '"\\u0041"', '"\\u00e9"', '"\\u00E9"', '"\\uabcd"',
    '"\\u0000"', '"\\uffff"', '"\\ud83d\\ude00"', '"\\uDBFF\\uDFFF"', '"x\\ud83d\\ude00y"',
    '"', '"a', '"a\\"', '"a\\', '\'a\'', 'a"', '"a""b"', '"a" "b"', '"\\a"',
    '"\\x41"', '"\\0"', '"\\e"',
    '"\\U0041"', '"\\u"', '"\\u1"', '"\\u12"', '"\\u123"', '"\\u123g"', '"\\u 123"', '"\\u+123"',
    '"\\u-123"', '"\\u0x41"', '"\\ "', '"\\\n"', '"\\é"', '"\\\'"', '"\n"', '"\t"',
    '"\r"', '"\x00"',
    '"\x1f"', '"a\x08b"', '"\x01', '["\n"]', '{"\t":1}', '“a”', '«a»', '`a`', '"a\'', "\"a'b\"",
    # Half a pair of surrogates, or a pair the wrong way around.
    '"\\ud800"', '"\\udc00"', '"\\udfff"', '"\\udbff"', '"\\ud800x"',
    '"\\ud800\\n"', '"\\ud800\\u0041"',
    '"\\ud800\\ud800"', '"\\ude00\\ud83d"', '"\\ud83d\\ude00\\ude00"', '"\\ud83d\\ud83d\\ude00"',
    '"\\ud83d\\\\ude00"', '{"\\ud800":1}', '["\\udead"]', '"\\ud83d \\ude00"', '"\\ud83d\\uDE"',
]

SPACE = [
    "\ufeff1", "\ufeff{}", "1\ufeff", "[\ufeff]", "\u00a01", "1\u00a0", "\u20281",
    "\u30001", "\u200b1",
    "\f1", "\v1", "\x001", "1\x00", "\x851", "1\x1a", "// c\n1", "1 // c",
    "/* c */1", "[1,/* c */2]",
    "# c\n1", "1 # c", "<!-- -->1", "\n\n 1 \t\r\n", ";1", "1;", "---\n1", "\\u00201",
]

DEPTH = [
    opening * depth + inner + closing * depth
    for depth in (1, 2, 63, 64, 65, 66, 200, 900)
    for opening, inner, closing in (("[", "", "]"), ('{"a":', "1", "}"), ('[{"a":', "1", "}]"))
] + ["[" * 500, '{"a":' * 500]

BYTES = [
    b'"\xc3\xa9"', b'"\xff"', b'"\xc3"', b'"\x80"', b'"\xc0\x80"',
    b'"\xe0\x80\x80"', b'"\xed\xa0\x80"',
    b'"\xed\xa0\xbd\xed\xb8\x80"', b'"\xf4\x8f\xbf\xbf"', b'"\xf4\x90\x80\x80"',
    b'"\xf8\x88\x80\x80\x80"',
    b"\xff\xfe1\x00", b"\xfe\xff\x001", b"1\x00", b"\xe9", b'{"\xff":1}',
    b'"\xe2\x82"', b'["\xf0\x9f\x98"]',
]


def pairs(items):
    keys = [key for key, _ in items]
    if len(set(keys)) < len(keys):
        raise ValueError("a key twice")
    return dict(items)


def refused(name):
    raise ValueError(name)


def depth(value):
    inner = value.values() if isinstance(value,
    dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


def strict(data):
    """The value of a text; raises ValueError."""
    value = json.loads(data.decode("utf-8"), object_pairs_hook=pairs, parse_constant=refused)
    json.dumps(value, ensure_ascii=False).encode("utf-8")  # raises for half a pair of surrogates
    if depth(value) > 64:
        raise ValueError("too deep")
    return value


def main():
    texts = STRUCTURE + DOUBLE + NUMBERS + WORDS + STRINGS + SPACE + DEPTH
    cases = []
    for data in [text.encode("utf-8") for text in texts] + BYTES:
        case = {"hex": data.hex()}
        try:
            case["value"] = json.dumps(strict(data))
        except (ValueError, RecursionError):
            pass
        cases.append(case)
    accepted = sum("value" in case for case in cases)
    print(f"{len(cases)} texts, {accepted} accepted")
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(cases, indent=0) + "\n")


main()
