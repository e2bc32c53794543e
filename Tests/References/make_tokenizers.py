"""Writes Golden/Tokenizers: small tokenizers and what the reference libraries make of hard texts.

Run with tokenizers==0.23.3, transformers==5.23.0 and sentencepiece installed:

    python make_tokenizers.py

texts.json             the texts, a hand-made list and random strings
classes.json           ranges of characters with a class, asked of the library one by one
normalization.json     texts of marks and composites in each normalization form
NAME.tokenizer.json    a tokenizer file
NAME.gguf.json         the same kind of tokenizer as GGUF metadata, in keys of our own
NAME.cases.json        ids of each text with and without special tokens, decoded texts
"""

import io
import itertools
import json
import pathlib
import random
import unicodedata

import sentencepiece
import tokenizers
import transformers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers
from tokenizers import pre_tokenizers, processors, trainers
from transformers.convert_slow_tokenizer import generate_merges

assert tokenizers.__version__ == "0.23.3", tokenizers.__version__
assert transformers.__version__ == "5.23.0", transformers.__version__

OUT = pathlib.Path(__file__).parent / "Golden" / "Tokenizers"
SURROGATES = range(0xD800, 0xE000)

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")

TEXTS = [
    "", " ", "  ", "\n", "\t", "\0", "a\0b\0", "a", " a", "a ", "A", "Hello, world!",
    "The quick brown fox jumps over the lazy dog.", "Answer: A", "Answer:  B", " leading and trailing ",
    "I'm you're he's we'll they've I'd can't o'clock 'tis 'S 'LL rock'n'roll",
    "I'M YOU'RE HE'S WE'LL THEY'VE I'D CAN'T 'Re 'vE 'lL", "I’m you’re he’s we’ll don’t",
    "it'\u017f it'\u017fo '\u212a x'\ufb06", "''s '''t 'ssss 'll'll'd'", " 's 't 're've",
    "0 1 12 123 1234 12345 3.14159 1,000,000 2024-05-06T07:08:09Z 0x1F",
    "٠١٢٣ ०१२३ 零一二 ０１２ 𝟘𝟙𝟚 ⅠⅡⅢⅣ ⅻ ½ ⅓ ¼ ² ³ ① ⑳ ㊿ 〇 〡 ௧௨ ᛮ",
    "x²y³ H₂O 5½% №7 12Ⅳa9b8", "\U00011de0\U00016ff4 1\U00011de31 a\U00011dd9b",
    "Straße ÄÖÜ naïve façade éàü ÅÅ ﬁ ﬂ İıǅ ŉ",
    "e\u0301 a\u0300\u0323 a\u0323\u0300 o\u031b\u0323 n\u0303 \u0301alone q\u0307\u0323 \u1e69 s\u0323\u0307",
    "\u212b \u2126 \u00c5 \uac00 \u1100\u1161 \u1100\u1161\u11a8 \u0958 \u0915\u093c \u2adc \ufb1f \U0001d15e",
    "a\u1df6\u0334b a\u0898\u0334 \U00011935\U00011930 \U000105d2\u0307 a\u0334\u1df6",
    "Русский текст Ёлка й и\u0306 Ελληνικά Σίσυφος ΟΔΥΣΣΕΥΣ עברית שָׁלוֹם العربية مَرْحَبًا",
    "हिन्दी क्षत्रिय தமிழ் ภาษาไทย ລາວ မြန်မာ ខ្មែរ ქართული Հայերեն አማርኛ ᏣᎳᎩ",
    "中文，测试。日本語のテキスト、カタカナ ｶﾀｶﾅ 한국어 텍스트 繁體字𠀀𪛖 㐀",
    "🙂👍👍🏽👩‍👩‍👧‍👦🏳️‍🌈🇩🇪🇯🇵❤️☺︎ ©®™ 👨🏿‍🚀 text🙂text", "🙂🙂🙂 🙂", "\U0001fae9\U0001f6d8",
    "a\u00a0b\u00a0\u00a0c \u3000全角\u3000 \u0085x \u2003em\u2009thin\u200bzero\u200czwnj\u200dzwj \u2028 \u2029 \u202f \u205f \u1680 \ufeff",
    "tabs\t\tand\ttabs\t", "line\nline\r\nline\r\r\n\n  indented\n\n\n", "  \n  \n x", "a  \n", "a \t \n\n \n b",
    "\n\n\n   a", "   \r\n   ", "x\u0085\u0085y\u2028\u2028z", "\x0b\x0c\x1c\x1d\x1e\x1f \x7f\x80\x9f",
    "trailing spaces   ", "     five spaces before     between     ", "a" * 60, " " * 40, "ab" * 30, "!" * 33, "\n" * 17,
    "def f(x: int) -> list[int]:\n    return [x ** 2 for _ in range(10)]  # comment\n",
    'if (a&&b||!c) { x[i]+=1; printf("%d\\n", x->y); } // ok\n\t}',
    "<html><body class=\"x\">&amp;</body></html> https://example.org/a?b=c&d=%20#e user@example.org",
    "snake_case camelCase PascalCase kebab-case SCREAMING_CASE x_1 __init__ $var @name #tag",
    "$100 €50 £5 100% 5°C −3 ×÷≠≤≥∞∑∫√ «quotes» “curly” ‘single’ — – … · • ¿¡",
    "\ue000\uf8ff\U000f0000\U0010ffff \ufffe\uffff\ufdd0", "\u0378\u0379 \U0001ffff \U000e0001",
    "Llama ▁▁ ▁a Ġthe Ċ <0x0A> <0xE2><0x96> <unk>", "<s> a </s><s>b", "<|endoftext|> <|im_start|>user\nhi<|im_end|>\n",
    "<s>", "</s>", " <s> ", "a<s>b", "a <s> b", "text<|endoftext|>text", "<|endoftext|><|endoftext|>  ",
    "<|endoftext", "<<|endoftext|>>", "ﷺ ﬃ ㍿ ǆ", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝒯ℯ𝓍𝓉 ｆｕｌｌ Ⓐⓑ", "a\u0300\u0301\u0302\u0303\u0304\u0305" * 2,
    # Added tokens of the tokenizer "added": A0 ... A15, longer ones, words around them.
    "xA0y A1 zA2 A3. A4A5 A6  A7\tA8 A9\nA10 A11A12 A13 A14 A15", "  A1  a1  A9  A15  ", "aA4 A4a A4 _A4 éA4 A4\u0301 1A4",
    "A12A13A14A15", "\u3000A3\u00a0A3\u2028A3 ", "a5 A5 a5x A6", "abcd abc ab abcde ABCD ABC", "A1 A2  A3 A10 A11",
    "\u200dA4\u200c _A12 \u203fA4", "A3   A2", "[X]  [Y][X] [ X ]", "  [Y]  ",
]

WORDS = (
    "the of and to in a is that for it as was with be by on not he his but at are this have from or had an they "
    "which one you were her all she there would their we him been has when who will more no if out so said what "
    "up its about into than them can only other new some could time these two may then do first any my now such "
    "like our over man me even most made after also did many before must through back years where much your way "
    "well down should because each just those people how too little state good very make world still own see men "
    "work long get here between both life being under never day same another know while last might us great old "
    "year off come since against go came right used take three question answer choice select following false true"
).split()


def random_text(rng):
    """A short string of characters of many kinds, with runs and repeats."""
    kinds = [
        lambda: chr(rng.randrange(0x20, 0x7F)),
        lambda: rng.choice("  \n\r\t\u00a0\u3000\u2003\u0085'’"),
        lambda: rng.choice("'s 't 'll 're 'VE 'D".split()),
        lambda: str(rng.randrange(10000)),
        lambda: " " + rng.choice(WORDS),
        lambda: rng.choice("éüñçßøåÅœΩжшяЁ") + rng.choice(["", "\u0301", "\u0323\u0307", "\u0308"]),
        lambda: chr(rng.choice([rng.randrange(0x80, 0xD800), rng.randrange(0xE000, 0x110000)])),
        lambda: chr(rng.randrange(0x1F300, 0x1FA00)) + rng.choice(["", "\u200d", "\ufe0f", "\U0001f3fd"]),
        lambda: chr(rng.choice([0x4E00, 0x3040, 0xAC00, 0x900, 0x600, 0xE00, 0x1D400]) + rng.randrange(96)),
        lambda: rng.choice(["<s>", "</s>", "<|endoftext|>", "A0", "A7", "a5", "A12", "abc", "▁", "Ġ", "<0x41>"]),
        lambda: chr(rng.randrange(0x300, 0x370)),
    ]
    return "".join(rng.choice(kinds)() * rng.choice([1, 1, 1, 1, 2, 4]) for _ in range(rng.randrange(1, 12)))


def corpus(rng):
    for _ in range(400):
        yield " ".join(rng.choice(WORDS) for _ in range(12)).capitalize() + ". " + str(rng.randrange(1000))
    yield from TEXTS * 3


def bpe(name, pre, normalizer=None, size=600, alphabet=True, special=("<|endoftext|>",), **options):
    tokenizer = Tokenizer(models.BPE(**options))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=list(special), show_progress=False, max_token_length=16,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet() if alphabet is True else [])
    tokenizer.train_from_iterator(corpus(random.Random(name)), trainer)
    return tokenizer


def byte_level(name, pre, normalizer=None, **options):
    tokenizer = bpe(name, pre, normalizer, **options)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def edited(tokenizer, edit):
    """The tokenizer after `edit` has changed its file."""
    content = json.loads(tokenizer.to_str())
    edit(content)
    return Tokenizer.from_str(json.dumps(content)), content


def split_then_bytes(pattern):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def as_strings(content):
    content["model"]["merges"] = [" ".join(pair) for pair in content["model"]["merges"]]


def gpt2():
    return edited(byte_level("gpt2", pre_tokenizers.ByteLevel(add_prefix_space=False)), as_strings)


def prefix_space():
    return edited(byte_level("prefix", pre_tokenizers.ByteLevel(add_prefix_space=True), size=400), lambda _: None)


def smollm2():
    pre = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    return edited(byte_level("smollm2", pre, special=("<|endoftext|>", "<|im_start|>", "<|im_end|>")), as_strings)


def llama3():
    tokenizer = byte_level("llama3", split_then_bytes(LLAMA3))

    def edit(content):
        model = content["model"]
        model["ignore_merges"] = True
        # Whole words that no merges make.
        for word in ["Ġquick", "ĠAnswer", "ABCD", "🙂".encode().decode("latin1")]:
            if word not in model["vocab"] and all(ord(c) < 256 or c == "Ġ" for c in word):
                model["vocab"][word] = len(model["vocab"])
        first = len(model["vocab"])
        content["added_tokens"] += [
            {"id": first, "content": "<s>", "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": True}]
        content["post_processor"] = {"type": "Sequence", "processors": [
            {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
            {"type": "TemplateProcessing",
             "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
             "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
             "special_tokens": {"<s>": {"id": "<s>", "ids": [first], "tokens": ["<s>"]}}}]}

    return edited(tokenizer, edit)


def qwen2():
    return edited(byte_level("qwen2", split_then_bytes(QWEN2), normalizers.NFC()), lambda _: None)


BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def sentencepiece_like(name, pre=None, normalizer=None, special=("<unk>", "<s>", "</s>"), bytes_=BYTES, **options):
    tokenizer = bpe(
        name, pre, normalizer, size=500, alphabet=False, unk_token="<unk>", special=[*special, *bytes_],
        byte_fallback=True, **options)

    def edit(content):
        vocabulary = content["model"]["vocab"]
        content["added_tokens"] = [token for token in content["added_tokens"] if token["content"] in special]
        # Single characters of foreign scripts go, so that bytes are needed.
        gone = {t for t in vocabulary if len(t) == 1 and ord(t) > 0x24F and t != "▁"}
        gone |= {t for t in vocabulary if any(c in gone for c in t)}
        kept = sorted((t for t in vocabulary if t not in gone), key=vocabulary.get)
        content["model"]["vocab"] = {token: index for index, token in enumerate(kept)}
        content["model"]["merges"] = [
            pair for pair in content["model"]["merges"] if not gone & {*pair, "".join(pair)}]

    tokenizer, _ = edited(tokenizer, edit)
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))])
    return tokenizer


PREPEND = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])


def llama2():
    return edited(sentencepiece_like("llama2", normalizer=PREPEND, fuse_unk=True), as_strings)


def llama2_normalized():
    tokenizer = sentencepiece_like("llama2n", normalizer=PREPEND, fuse_unk=True)
    tokenizer.add_tokens([
        AddedToken("[X]", normalized=True), AddedToken("[Y]", normalized=True, lstrip=True, rstrip=True),
        AddedToken("▁abc", normalized=True, special=True), AddedToken("</s>", normalized=True, special=True)])
    return edited(tokenizer, lambda _: None)


def metaspace(scheme, split):
    pre = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme=scheme, split=split)
    return edited(sentencepiece_like(f"metaspace-{scheme}", pre, fuse_unk=True), lambda _: None)


def metaspace_decoder():
    pre = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    tokenizer = sentencepiece_like("metaspace-decoder", pre, bytes_=BYTES[::2], fuse_unk=False)
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    return edited(tokenizer, lambda _: None)


def partial_bytes():
    """Half of the byte tokens are missing, so unknown tokens and byte tokens mix."""
    return edited(
        sentencepiece_like("partial", normalizer=PREPEND, bytes_=BYTES[:0xA8], fuse_unk=True), lambda _: None)


def added():
    tokenizer = byte_level(
        "added", pre_tokenizers.ByteLevel(add_prefix_space=False), normalizers.Lowercase(), size=400)
    flags = itertools.product([False, True], repeat=4)
    tokenizer.add_tokens([
        AddedToken(f"A{index}", single_word=word, lstrip=left, rstrip=right, normalized=normalized,
                   special=index % 3 == 0)
        for index, (normalized, word, left, right) in enumerate(flags)])
    tokenizer.add_tokens([
        AddedToken("abc", normalized=False), AddedToken("ab", normalized=False),
        AddedToken("ABCD", normalized=True, special=True), AddedToken("<s>", normalized=False, special=True)])
    return edited(tokenizer, lambda _: None)


def other():
    """Stages that the well-known models do not use: other patterns and behaviors, NFKC, Strip."""
    pre = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"[a-z]+\d?|[^\sa-z]{1,4}"), "isolated"),
        pre_tokenizers.Split(Regex("[aeiou]"), "merged_with_next"),
        pre_tokenizers.Split(Regex("[xyz]"), "merged_with_previous"),
        pre_tokenizers.Split("-", "removed"),
        pre_tokenizers.Split(Regex("[0-9]"), "contiguous"),
        pre_tokenizers.Split(Regex(r"\s+"), "isolated", invert=True),
        pre_tokenizers.Digits(individual_digits=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    normalizer = normalizers.Sequence([
        normalizers.NFKC(), normalizers.Replace(Regex("[!?]+"), "!"), normalizers.Strip(left=True, right=True)])
    tokenizer = bpe("other", pre, normalizer, size=400)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <|endoftext|>", pair="$A $B", special_tokens=[("<|endoftext|>", 0)])
    return edited(tokenizer, lambda _: None)


def sequences():
    """NFD, merged behaviors of runs, no decoder, unknown characters without a token for them."""
    pre = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(" "), "merged_with_next"), pre_tokenizers.Split(Regex("[.!?]"), "merged_with_previous")])
    return edited(
        bpe("sequences", pre, normalizers.Sequence([normalizers.NFD(), normalizers.Lowercase()]), size=300, alphabet=False),
        lambda content: content["model"]["vocab"].pop("q", None))


TOKENIZERS = {
    "gpt2": gpt2, "prefix-space": prefix_space, "smollm2": smollm2, "llama3": llama3, "qwen2": qwen2,
    "llama2": llama2, "llama2-normalized": llama2_normalized, "metaspace-first": lambda: metaspace("first", False),
    "metaspace-always": lambda: metaspace("always", True), "metaspace-decoder": metaspace_decoder,
    "partial-bytes": partial_bytes, "added": added, "other": other,
    "sequences": sequences,
}


def cases(tokenizer, texts, listed):
    result = []
    for index, text in enumerate(texts):
        ids = tokenizer.encode(text).ids
        case = {"ids": ids, "plain": tokenizer.encode(text, add_special_tokens=False).ids}
        if case["plain"] == ids:
            del case["plain"]
        if index < listed:
            decoded = tokenizer.decode(ids, skip_special_tokens=False)
            skipped = tokenizer.decode(ids, skip_special_tokens=True)
            if decoded != text:
                case["decoded"] = decoded
            if skipped != decoded:
                case["skipped"] = skipped
        result.append(case)
    rng = random.Random("decode")
    loose = []
    for _ in range(40):  # Ids that no text gives: broken UTF-8, bytes, special tokens anywhere.
        ids = [rng.randrange(tokenizer.get_vocab_size() + 2) for _ in range(rng.randrange(1, 6))]
        loose.append({
            "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=False),
            "skipped": tokenizer.decode(ids, skip_special_tokens=True)})
    return {"vocabularySize": tokenizer.get_vocab_size(), "cases": result, "loose": loose}


def write(name, content):
    (OUT / name).write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def gguf_byte_level(content, pre):
    """The metadata that llama.cpp's converter writes for a byte-level tokenizer."""
    vocabulary = dict(content["model"]["vocab"])
    special = {token["content"]: token["special"] for token in content["added_tokens"]}
    for token in content["added_tokens"]:
        vocabulary[token["content"]] = token["id"]
    tokens = sorted(vocabulary, key=vocabulary.get)
    merges = [m if isinstance(m, str) else " ".join(m) for m in content["model"]["merges"]]
    return {
        "model": "gpt2", "pre": pre, "tokens": tokens,
        "tokenTypes": [1 if t not in special else 3 if special[t] else 4 for t in tokens], "merges": merges}


def gguf_sentencepiece():
    """A SentencePiece model as GGUF metadata, and its Hugging Face tokenizer."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([t for t in corpus(random.Random("spm")) if t.strip() and "\0" not in t]),
        model_writer=model, model_type="bpe", vocab_size=700, byte_fallback=True, character_coverage=0.98,
        normalization_rule_name="identity", remove_extra_whitespaces=False, user_defined_symbols=["abc", "[X]"],
        split_digits=True, allow_whitespace_only_pieces=True, minloglevel=2, num_threads=1)
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    count = processor.get_piece_size()
    tokens = [processor.id_to_piece(index) for index in range(count)]
    scores = [processor.get_score(index) for index in range(count)]

    def kind(index):
        if processor.is_unknown(index):
            return 2
        if processor.is_control(index):
            return 3
        if processor.is_byte(index):
            return 6
        return 4 if tokens[index] in ("abc", "[X]") else 1

    types = [kind(index) for index in range(count)]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    merges = generate_merges(vocabulary, list(zip(tokens, scores)))
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = PREPEND
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.add_tokens([
        AddedToken(token, normalized=False, special=kind != 4)
        for token, kind in zip(tokens, types) if kind in (2, 3, 4)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="$A $B", special_tokens=[("<s>", vocabulary["<s>"])])
    metadata = {
        "model": "llama", "pre": "default", "tokens": tokens, "scores": scores, "tokenTypes": types,
        "bos": vocabulary["<s>"], "eos": vocabulary["</s>"], "unknown": vocabulary["<unk>"]}
    return metadata, tokenizer


PATTERN_CLASSES = [r"\w", r"[\w]", r"\d", r"\h"] + [f"[[:{name}:]]" for name in "alpha upper lower punct".split()] + [
    rf"\p{{{name}}}" for name in (
        "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Zs Zl Zp Cc Cf Co Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So").split()]


def classes():
    """Ranges of characters, each asked of the library."""
    scalars = [code for code in range(0x110000) if code not in SURROGATES]

    def ranges(members):
        result = []
        for code in members:
            if result and result[-1][1] == code - 1:
                result[-1][1] = code
            else:
                result.append([code, code])
        return result

    def matched(pattern):
        split = pre_tokenizers.Split(Regex(pattern), "removed")
        members = []
        for start in range(0, len(scalars), 4096):
            chunk = scalars[start : start + 4096]
            left = {c for part, _ in split.pre_tokenize_str("".join(map(chr, chunk))) for c in part}
            members += [code for code in chunk if chr(code) not in left]
        return ranges(members)

    digits = pre_tokenizers.Digits(individual_digits=True)
    punctuation = pre_tokenizers.Punctuation()
    accents = normalizers.StripAccents()
    single = Tokenizer(models.BPE({"a": 0}, []))
    single.add_tokens([AddedToken("!", single_word=True, normalized=False)])
    return {
        "ranges": {
            "letter": matched(r"\p{L}"), "number": matched(r"\p{N}"), "space": matched(r"\s"),
            "digit": ranges(c for c in scalars if len(digits.pre_tokenize_str("a" + chr(c))) == 2),
            "word": ranges(c for c in scalars if 1 not in single.encode(chr(c) + "!").ids),
            "punctuation": ranges(c for c in scalars if len(punctuation.pre_tokenize_str("a" + chr(c))) == 2),
            "accent": ranges(c for c in scalars if not accents.normalize_str(chr(c)))},
        "patterns": {pattern: matched(pattern) for pattern in PATTERN_CLASSES},
        "contractions": contractions(),
    }


def contractions():
    """All texts of an apostrophe and one or two characters that are contractions in any case."""
    split = pre_tokenizers.Split(Regex("(?i:'s|'t|'re|'ve|'m|'ll|'d)"), "removed")
    found = set()
    for code in (code for code in range(0x110000) if code not in SURROGATES):
        for text in (f"'{chr(code)}", f"'r{chr(code)}", f"'l{chr(code)}", f"'{chr(code)}e", f"'{chr(code)}L"):
            if not split.pre_tokenize_str(text):
                found.add(text)
    return sorted(found)


def normalization():
    """Texts in which marks meet characters that decompose, in each form."""
    rng = random.Random("normalization")
    scalars = [code for code in range(0x110000) if code not in SURROGATES]
    marks = [code for code in scalars if unicodedata.combining(chr(code))]
    composites = [
        code for code in scalars if unicodedata.decomposition(chr(code)) and not 0x3300 <= code < 0xF900]
    kinds = [
        lambda: rng.choice(composites), lambda: rng.choice(marks), lambda: rng.choice(marks),
        lambda: rng.randrange(0x1100, 0x1200), lambda: rng.randrange(0xAC00, 0xD7A4),
        lambda: rng.choice([0xF73, 0xF75, 0xF81, 0xB4, 0x1113, 0x1169, 0x3099]), lambda: rng.randrange(0x41, 0x7A)]
    texts = ["".join(chr(rng.choice(kinds)()) for _ in range(rng.randrange(2, 8))) for _ in range(500)]
    # Every composite, apart and together.
    texts += ["".join(map(chr, composites[start : start + 40])) for start in range(0, len(composites), 40)]
    texts += [unicodedata.normalize("NFD", text) for text in texts[500:]]
    forms = {name: getattr(normalizers, name)() for name in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase")}
    return {"texts": texts, **{name: [form.normalize_str(text) for text in texts] for name, form in forms.items()}}


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    rng = random.Random(20)
    texts = TEXTS + [random_text(rng) for _ in range(150)]
    write("texts.json", {"listed": len(TEXTS), "texts": texts})
    write("classes.json", classes())
    write("normalization.json", normalization())
    contents = {}
    for name, make in TOKENIZERS.items():
        tokenizer, contents[name] = make()
        write(f"{name}.tokenizer.json", contents[name])
        write(f"{name}.cases.json", cases(tokenizer, texts, len(TEXTS)))
    # The byte-level tokenizers as GGUF; their cases are those of the tokenizer files.
    for name, pre in {"gpt2": "gpt-2", "smollm2": "smollm", "llama3": "llama-bpe", "qwen2": "qwen2"}.items():
        metadata = gguf_byte_level(contents[name], pre)
        if name == "llama3":
            metadata["bos"] = metadata["tokens"].index("<s>")
        write(f"{name}.gguf.json", metadata)
    metadata, tokenizer = gguf_sentencepiece()
    write("sentencepiece.gguf.json", metadata)
    write("sentencepiece.cases.json", cases(tokenizer, texts, len(TEXTS)))


if __name__ == "__main__":
    main()
