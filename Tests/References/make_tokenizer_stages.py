"""Writes Golden/Tokenizers/patterns.json and stages.json: what `tokenizers` makes of many patterns
and of tokenizer files put together at random.

Run with tokenizers==0.23.3 installed:

    python make_tokenizer_stages.py [SEED COUNT]

patterns.json   patterns and the parts that each cuts texts into; null where it is no pattern
stages.json     tokenizer files, "@" in place of their common vocabulary, and ids, ids without
                special tokens and decoded text of each text; null where the library fails

With SEED and COUNT it writes more of them, to standard output, to look for differences at length.
"""

import json
import pathlib
import random
import sys

import tokenizers
from tokenizers import Regex, Tokenizer, pre_tokenizers

assert tokenizers.__version__ == "0.23.3", tokenizers.__version__

OUT = pathlib.Path(__file__).parent / "Golden" / "Tokenizers"

# Oniguruma's corners, and the word patterns of well-known models.
PATTERNS = r"""
^   $   a$   ^\s+|\s+$   \A.   .\z   .\Z   \Aa|b\Z   .+   (?m:.+)   (?m).+   (?m:a(?-m:.)b).   \n|[^\n]+
\h+   \H+   \d+   \D+   \s+   \S+   \w+   \W+   \b   \B   \bx   \Bx   \w+|[^\w\s]+   [\w]+   [\h\s]+   [^\w\s]
\p{L}+   \p{^L}+   \P{L}+   \P{^L}+   \p{Lu}\p{Ll}*   [\p{M}\p{P}]+   [^\p{L}\p{N}\s]+   \p{S}   \p{Zs}   \p{Cc}
[[:alpha:]]+   [[:^alpha:]]+   [[:punct:]]+   [[:upper:]][[:lower:]]*   [[:space:][:digit:]]   [^[:alnum:]]+
[a-z&&[^aeiou]]+   [^a-z&&[^aeiou]]+   [a[b]c]+   [a[^b]]+   [(\s|[.,])]+   [a&b]+   [-a]   [a-]   [--a]   [+--]
[a\]]+   [.-\]]   [\\]   [\b]   [\x41-\x43]+   \x41\x{42}\u0043   \x{1F600}   \t\r|\f|\v|\a|\e   \-\/\ \!   \é
a{2}   a{,2}   a{2,}   a{1,2}?   a{2}?   a{2}+   a{1,2}+   a{   a{x}   a{,}   {   (?:a){3}{2}   a+*   a*   a??   a*?   x*
a++a   a?+a   a*+   (?>a+)a   (?>a|ab)b   (?:ab)++a   (?:a|ab)(?:c|bcd)   ()   a|   |a   (a)|(b)   (?<n>a)+
a(?=b)   a(?!b)   (?<=a)b   (?<!a)b   (?<=a|bc)d   (?<=\n)x   (?<![a-z])[a-z]   (?<=\S)\s(?=\S)   (?<=^|\n)x   (?=a)a*
(?i:ab)   (?i:s)   (?i:k)   (?i:[a-z]+)   (?i:[^s])+   (?i)a|B   x(?i)a|B   (?i:'s|'t|’re)   (?i-m:A.)   (?-i:a)
(?i:ss)   (?i:(?:s)t)   (?i:é)   \R   \X   \K   \Ga   \1   (a)\1   (?x: a )   (?~a)   [\w-x]   [a-\d]   [^]   [[a]   (a
\p{foo}   a)   *a   a|*b   ^*   \xe9   \u12   \8   (?<=a+)b   (?:a*)*   (?s:.)   a{2,1}   a{100001}   [b-a]   (?:*a)
'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}|\ ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+
\d{1,3}(?=(?:\d{3})*\b)   \ ?[^(\s|[.,!?…。，、।۔،])]+   [一-龥぀-ゟ゠-ヿ]+   \s?\p{L}+|\s?\p{P}+|\s+$
[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|\ ?[\p{P}\p{S}]+[\r\n]*|\s+
[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ll)?|\p{N}{1,3}|\s+(?!\S)|\s+
""".replace("\n", "   ").split("   ")

TEXTS = [
    "a", "ab aab\nba\n", "Hello, world's 123\n\n  x ", "A1\r\nb\u2028c\x0bd", "\ufb06 st ST \u017ft ß SS ss k\u212a",
    "aaaa", "adbcd bd abcd", "\n", "a\n\nb", "²½ x2 _a\u0301é\u200d٣Ⅷ", "a-z]{,}\\ 1.5 $x+ ab-c&", "😀 中文。かな I'LL it’RE",
]

ATOMS = (
    r"a b a b x 1 \n . \d \s \w \h \D \S \W \H [ab] [^a] [a-z] [^\s] \p{L} \p{N} \p{P} \P{L} \p{Lu} ^ $ \b \B \A \z \Z "
    r"é s t S k ' [[:alpha:]] [st] [a-z&&[^b]] \p{M} \p{^S} [^\p{L}\p{N}] [\r\n] \t \. - { ] \x41").split()
QUANTIFIERS = "* + ? *? +? ?? *+ ++ ?+ {2} {1,2} {,2} {2,} {1,}? {0,2}? {2}? {2}+ {1,2}+".split()


def pattern(rng, depth=0):
    """A random pattern, not always a valid one."""
    text = ""
    for _ in range(rng.choice([1, 1, 2, 2, 3])):
        kind = rng.random()
        if kind < 0.65 or depth > 2:
            part = rng.choice(ATOMS)
        else:
            part = rng.choice(["(", "(?:", "(?:", "(?>", "(?i:", "(?m:", "(?=", "(?!", "(?<=", "(?<!"])
            part += pattern(rng, depth + 1) + ")"
        text += part + (rng.choice(QUANTIFIERS) if rng.random() < 0.4 else "")
    return text + ("|" + pattern(rng, depth + 1) if rng.random() < 0.25 else "")


def parts(pattern, texts):
    try:
        split = pre_tokenizers.Split(Regex(pattern), "isolated")
    except Exception:
        return None
    return [[part for part, _ in split.pre_tokenize_str(text)] for text in texts]


CHARACTERS = list("ab cxyzAB.,!?-_'1 2\n\t") + [
    "é", "e\u0301", "ß", "中", "▁", "\u00a0", "\u3000", "½", "²", "😀", "ﬁ", "\u0301", "٣", "«", "\u200d", "Ⅷ", "$", "+",
    "\u2028", "क", "कि", "\u00ad", "ſ", "\ufffd"]
ADDED = ["<s>", "a", "ab", "  ", " ", "A b", "xX", "\n", "é", "-", "a1", " a", "▁", "b ", "aa", "ba", "  a", "AB", "1", "xx"]
BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
SPLITS = [
    r"\s+", r"\d", r"\w+", r"[a-z]+", r"\p{P}", "^.", ".$", "(?<=a)b", r"\b", "a|b", r"\n", r" ?\w+", "(?i:AB)", r"\h+",
    r"(?!a)\w", "$", "(?:ab)+", r"[^\s]", r"\s+(?!\S)|\S+"]
BYTE_LEVEL = {"type": "ByteLevel", "trim_offsets": True}


def flag(rng, chance=0.5):
    return rng.random() < chance


def either(rng):
    if flag(rng, 0.4):
        return {"String": rng.choice(["a", "b", " ", "▁", "ab", "é", "\n", "--"])}
    return {"Regex": rng.choice(SPLITS)}


def chain(rng, kind, key, depth):
    return {"type": "Sequence", key: [kind(rng, depth + 1) for _ in range(rng.randrange(4))]} if depth < 2 else kind(rng, 9)


def normalizer(rng, depth=0):
    return rng.choice([
        lambda: chain(rng, normalizer, "normalizers", depth),
        lambda: {"type": rng.choice(["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "ByteLevel"])},
        lambda: {"type": "Prepend", "prepend": rng.choice(["▁", "a", "é "])},
        lambda: {"type": "Replace", "pattern": either(rng), "content": rng.choice(["", "a", "▁", " ", "ab", "é"])},
        lambda: {"type": "Strip", "strip_left": flag(rng), "strip_right": flag(rng)},
    ][min(depth, 1) :])() if depth < 9 else {"type": "NFC"}


def metaspace(rng):
    return {
        "type": "Metaspace", "replacement": rng.choice("▁▁_é"), "split": flag(rng),
        "prepend_scheme": rng.choice(["first", "always", "never"])}


def pre_tokenizer(rng, depth=0):
    return rng.choice([
        lambda: chain(rng, pre_tokenizer, "pretokenizers", depth),
        lambda: {**BYTE_LEVEL, "add_prefix_space": flag(rng), "use_regex": flag(rng)},
        lambda: {"type": "Digits", "individual_digits": flag(rng)},
        lambda: {"type": "Split", "pattern": either(rng), "behavior": rng.choice(BEHAVIORS), "invert": flag(rng, 0.3)},
        lambda: {"type": "Split", "pattern": either(rng), "behavior": rng.choice(BEHAVIORS), "invert": flag(rng, 0.3)},
        lambda: metaspace(rng),
        lambda: {"type": rng.choice(["Whitespace", "WhitespaceSplit", "BertPreTokenizer"])},
        lambda: {"type": "CharDelimiterSplit", "delimiter": rng.choice("a -é")},
        lambda: {"type": "Punctuation", "behavior": rng.choice(BEHAVIORS)},
    ])() if depth < 9 else {"type": "Whitespace"}


def decoder(rng, depth=0):
    return rng.choice([
        lambda: chain(rng, decoder, "decoders", depth),
        lambda: {**BYTE_LEVEL, "add_prefix_space": True, "use_regex": True},
        lambda: {"type": rng.choice(["ByteFallback", "Fuse"])},
        lambda: {"type": "Strip", "content": rng.choice(" a▁"), "start": rng.randrange(3), "stop": rng.randrange(3)},
        lambda: {"type": "Replace", "pattern": either(rng), "content": rng.choice(["", " ", "a"])},
        lambda: metaspace(rng),
        lambda: {"type": "BPEDecoder", "suffix": rng.choice(["</w>", "a"])},
    ])() if depth < 9 else {"type": "Fuse"}


def post_processor(rng, vocabulary):
    names = list(vocabulary)[:3]
    special = lambda: [{"SpecialToken": {"id": rng.choice(names), "type_id": 0}} for _ in range(rng.randrange(3))]
    single = special() + [{"Sequence": {"id": "A", "type_id": 0}}] + special()
    pair = {"sep": [names[0], vocabulary[names[0]]], "cls": [names[1], vocabulary[names[1]]]}
    return rng.choice([
        {"type": "TemplateProcessing", "single": single, "pair": single + [{"Sequence": {"id": "B", "type_id": 1}}],
         "special_tokens": {name: {"id": name, "ids": [vocabulary[name]], "tokens": [name]} for name in names}},
        {**BYTE_LEVEL, "add_prefix_space": True, "use_regex": True},
        {"type": "BertProcessing", **pair},
        {"type": "RobertaProcessing", **pair, "trim_offsets": True, "add_prefix_space": False},
    ])


def vocabulary():
    """Bytes, some characters and merges of theirs; ids have gaps."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = alphabet + [c for c in CHARACTERS if len(c) == 1] + ["▁", "<unk>"] + [f"<0x{byte:02X}>" for byte in range(0, 256, 2)]
    tokens = list(dict.fromkeys(tokens))
    merges = []
    rng = random.Random("merges")
    parts = list("ab cxyĠ▁éA1.,e")
    for _ in range(40):
        left, right = rng.choice(parts), rng.choice(parts)
        if [left, right] not in merges and len(left + right) < 5:
            merges.append([left, right])
            parts.append(left + right)
    tokens = list(dict.fromkeys(tokens + [left + right for left, right in merges]))
    return {token: index + index // 7 for index, token in enumerate(tokens)}, merges


VOCABULARY, MERGES = vocabulary()


def tokenizer(rng):
    added = []
    following = len(VOCABULARY)
    taken = set(VOCABULARY.values())
    for content in rng.sample(ADDED, rng.choice([0, 0, 1, 2, 3, 5])):
        number = VOCABULARY.get(content, following)
        if content not in VOCABULARY:
            if number in taken:
                continue  # The library gives such an id twice.
            following += 1
        added.append({
            "id": number, "content": content, "single_word": flag(rng, 0.3), "lstrip": flag(rng, 0.4),
            "rstrip": flag(rng, 0.4), "normalized": flag(rng, 0.4), "special": flag(rng)})
    return {
        "version": "1.0", "added_tokens": added,
        "normalizer": normalizer(rng) if flag(rng) else None,
        "pre_tokenizer": pre_tokenizer(rng) if flag(rng, 0.75) else None,
        "post_processor": post_processor(rng, VOCABULARY) if flag(rng, 0.3) else None,
        "decoder": decoder(rng) if flag(rng) else None,
        "model": {
            "type": "BPE", "unk_token": rng.choice([None, "<unk>"]), "fuse_unk": flag(rng), "byte_fallback": flag(rng, 0.4),
            "ignore_merges": flag(rng, 0.3), "merges": rng.sample(MERGES, rng.randrange(14)), "vocab": VOCABULARY}}


def text(rng):
    return "".join(rng.choice(CHARACTERS + ADDED) for _ in range(rng.randrange(12)))


STAGE_TEXTS = ["", " a  b ", "ab aab\nba\n", "Hello, world's 123\n\n  x ", "     a", "<s> <s>a<s>", "  \n a1 xX-- A b"]


def result(tokenizer, text):
    try:
        ids = tokenizer.encode(text).ids
        plain = tokenizer.encode(text, add_special_tokens=False).ids
        return {"ids": ids, "plain": plain, "decoded": tokenizer.decode(ids, skip_special_tokens=False)}
    except BaseException:  # A panic of the library.
        return None


def loses_tokens(spec):
    """Whether the normalizer may leave nothing of an added token: the library then never ends."""
    blank = any(token["normalized"] and not token["content"].strip() for token in spec["added_tokens"])
    return spec["normalizer"] is not None and (blank or '"content": ""' in json.dumps(spec["normalizer"]))


def stage_cases(rng, count):
    cases = []
    while len(cases) < count:
        spec = tokenizer(rng)
        texts = STAGE_TEXTS + [text(rng) for _ in range(4)]
        if loses_tokens(spec):
            continue
        made = Tokenizer.from_str(json.dumps(spec))
        spec["model"]["vocab"] = "@"
        cases.append({
            "file": json.dumps(spec, ensure_ascii=False, separators=(",", ":")), "texts": texts,
            "results": [result(made, text) for text in texts]})
    return cases


def main():
    rng = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 150
    listed = [word.replace("\\ ", " ") for word in PATTERNS if word]
    patterns = {"listed": len(listed), "texts": TEXTS, "patterns": [
        {"pattern": pattern, "parts": parts(pattern, TEXTS)} for pattern in listed + [pattern(rng) for _ in range(count)]]}
    stages = {"vocabulary": json.dumps(VOCABULARY, ensure_ascii=False), "cases": stage_cases(rng, count)}
    for name, content in {"patterns": patterns, "stages": stages}.items():
        line = json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"
        if len(sys.argv) > 1:
            sys.stdout.write(line)
        else:
            (OUT / f"{name}.json").write_text(line, encoding="utf-8")


if __name__ == "__main__":
    main()
