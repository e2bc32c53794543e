# transformers==5.23.0 tokenizers==0.23.3 sentencepiece==0.2.3 protobuf==7.36.2
"""Adds to Golden/Tokenizers GGUF vocabularies as Gemma, Phi-3, OLMo 2, Ministral 3, ... have them.

NAME.gguf.json    metadata of a small vocabulary, as llama.cpp's converter writes it
NAME.cases.json   what Hugging Face's library makes of the texts in texts.json
"""

import io
import json
import random

import sentencepiece
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, processors
from transformers.convert_slow_tokenizer import generate_merges
from transformers.models.gemma.tokenization_gemma import GemmaTokenizer
from transformers.models.qwen3_5.tokenization_qwen3_5 import PRETOKENIZE_REGEX

from make_tokenizers import LLAMA3, OUT, PREPEND, byte_level, cases, corpus, edited
from make_tokenizers import gguf_byte_level, split_then_bytes, write

CASED = [
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*",
]
OTHERS = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
# name: (pattern, normalizer)
PATTERNS = {
    "dbrx": (LLAMA3, None),
    "tekken": ("|".join(CASED) + r"|\p{N}" + OTHERS, None),
    "gpt-4o": ("|".join(part + CONTRACTION for part in CASED) + r"|\p{N}{1,3}" + OTHERS, None),
    "qwen35": (PRETOKENIZE_REGEX, normalizers.NFC()),
}  # fmt: skip
SPACES = ["▁" * count for count in range(2, 9)]


def make_byte_level(name, texts):
    pattern, normalizer = PATTERNS[name]
    trained = byte_level(name, split_then_bytes(pattern), normalizer)
    tokenizer, content = edited(trained, lambda _: None)
    write(f"{name}.gguf.json", gguf_byte_level(content, name))
    write(f"{name}.cases.json", cases(tokenizer, texts["texts"], texts["listed"]))


def train(user_defined, control):
    """Pieces of a SentencePiece model: text, score, GGUF's type."""
    model = io.BytesIO()
    texts = [text for text in corpus(random.Random("spm")) if text.strip() and "\0" not in text]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_writer=model, model_type="bpe", vocab_size=700,
        byte_fallback=True, character_coverage=0.98, normalization_rule_name="identity",
        remove_extra_whitespaces=False, split_digits=True, user_defined_symbols=user_defined,
        control_symbols=control, allow_whitespace_only_pieces=True, add_dummy_prefix=False,
        minloglevel=2, num_threads=1,
    )  # fmt: skip
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())

    def kind(index):
        if processor.is_unknown(index):
            return 2
        if processor.is_control(index):
            return 3
        if processor.is_byte(index):
            return 6
        return 4 if processor.id_to_piece(index) in user_defined else 1

    return [
        (processor.id_to_piece(index), processor.get_score(index), kind(index))
        for index in range(processor.get_piece_size())
    ]  # fmt: skip


def bpe_of(pieces):
    vocabulary = {token: index for index, (token, _, _) in enumerate(pieces)}
    return vocabulary, generate_merges(vocabulary, [(token, score) for token, score, _ in pieces])


def finish(name, tokenizer, pieces, flags, written, texts, **more):
    """Writes both files; `written` is what the converter makes of a piece."""
    tokenizer.add_tokens([
        AddedToken(token, normalized=False, special=kind != 4, **flags(token))
        for token, _, kind in pieces if kind in (2, 3, 4)
    ])  # fmt: skip
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="$A $B", special_tokens=[("<s>", 1)]
    )
    content = cases(tokenizer, texts["texts"], texts["listed"])
    rows = [written(*piece) for piece in pieces]
    # Of the type of the unknown token, as converters once filled a vocabulary up.
    padding = f"[PAD{len(rows)}]"
    rows.append((padding, -1000.0, 2))
    content["vocabularySize"] += 1
    content["loose"] = [row for row in content["loose"] if max(row["ids"]) < len(pieces)]
    tokens, scores, types = zip(*rows)
    write(f"{name}.cases.json", content)
    write(f"{name}.gguf.json", {
        "model": "llama", "pre": "default", "tokens": tokens, "scores": scores, "tokenTypes": types,
        "bos": 1, "eos": 2, "unknown": 0, **more,
    })  # fmt: skip


def gemma(texts):
    pieces = train(SPACES + ["\n", "\n\n", "abc"], [])
    names = dict(bos_token="<s>", eos_token="</s>", pad_token="<unk>", mask_token="<unk>")
    tokenizer = GemmaTokenizer(*bpe_of(pieces), **names)._tokenizer

    def written(token, score, kind):
        return (token.replace("▁", " "), -1000.0, 4) if kind == 4 else (token, score, kind)

    finish("gemma", tokenizer, pieces, lambda _: {}, written, texts, addSpacePrefix=False)


def phi3(texts):
    pieces = train([], ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    vocabulary, merges = bpe_of(pieces)
    model = models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = PREPEND
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
        decoders.Strip(" ", 1, 0),
    ])  # fmt: skip

    def flags(token):
        return {"rstrip": token not in ("<unk>", "<s>", "<|endoftext|>")}

    finish("phi3", tokenizer, pieces, flags, lambda *piece: piece, texts, architecture="phi3")


def main():
    texts = json.loads((OUT / "texts.json").read_text(encoding="utf-8"))
    for name in PATTERNS:
        make_byte_level(name, texts)
    gemma(texts)
    phi3(texts)


if __name__ == "__main__":
    main()
