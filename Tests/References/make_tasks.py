"""Writes Golden/Tasks: short data files, their prompts, and tokens by Hugging Face tokenizers.

Run: python make_tasks.py DATA   (tokenizers 0.23.3; DATA holds arc-easy/, boolq/, ... as published)

Lines are copied from ARC, WinoGrande and BoolQ; the OpenBookQA lines are made up. See the licence
note in Golden/Tasks/README.md. `files.json` has a hash of all prompts of every published file.
"""

import json
import pathlib
import sys

import tokenizers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers import processors, trainers

OUT = pathlib.Path(__file__).parent / "Golden" / "Tasks"
SELECT = "Select one of the choices that answers the following question: "
RULES = {
    "arc-easy/train": "arc", "arc-easy/dev": "arc", "arc-easy/test": "arc",
    "arc-challenge/train": "arc", "arc-challenge/dev": "arc", "arc-challenge/test": "arc",
    "openbookqa/train": "arc", "openbookqa/dev": "arc", "openbookqa/test": "arc",
    "winogrande/train_s": "winogrande", "winogrande/train_m": "winogrande",
    "winogrande/dev": "winogrande", "boolq/train": "boolq", "boolq/dev": "boolq",
}


def read(path):
    """(line number, object) of each line; lines end at \\n only."""
    text = path.read_bytes().decode("utf-8")
    return [(n, json.loads(l)) for n, l in enumerate(text.split("\n"), 1) if l]


def dotted(text):
    text = text if text.endswith(".") else text + "."
    return text[0].upper() + text[1:]


def example(rule, row, fallback):
    if rule == "arc":
        choices = row["question"]["choices"]
        if len(choices) != 4:
            return None
        body = " ".join(f"{l}. {dotted(c['text'])}" for l, c in zip("ABCD", choices))
        return {
            "id": row["id"],
            "prompt": SELECT + row["question"]["stem"] + " Choices: " + body + " Answer:",
            "answers": [" A", " B", " C", " D"],
            "label": "ABCD1234".index(row["answerKey"]) % 4,
        }
    if rule == "winogrande":
        options = "A. " + row["option1"] + ". B " + row["option2"] + "."
        return {
            "id": row["qID"],
            "prompt": SELECT + row["sentence"] + " Choices: " + options + " Answer:",
            "answers": [" A", " B"],
            "label": int(row["answer"]) - 1,
        }
    return {
        "id": fallback,
        "prompt": "Answer the question with only True or False: "
        + row["question"] + " Context: " + row["passage"],
        "answers": [" False", " True"],
        "label": 1 if row["answer"] else 0,
    }


def examples(rule, path):
    rows = [(n, example(rule, row, f"{path.name}:{n}")) for n, row in read(path)]
    return [e for _, e in rows if e], sum(e is None for _, e in rows)


def fnv1a(text, state=0xCBF29CE484222325):
    for byte in text.encode("utf-8"):
        state = ((state ^ byte) * 0x100000001B3) & (2**64 - 1)
    return state


def pick(rows, rule):
    """A few lines of each kind."""
    if rule == "winogrande":
        return rows[:24]
    if rule == "boolq":
        return sorted(rows, key=lambda r: len(r[1]["passage"]))[:12]
    kinds = {}
    for row in rows:
        labels = "".join(c["label"] for c in row[1]["question"]["choices"])
        kinds.setdefault(labels, []).append(row)
    return [row for k in kinds.values() for row in k[: 4 if len(k) > 20 else 1]]


def openbookqa(part):
    made_up = [
        ("A magnet will pull", ["a nail", "a cork", "paper", "sea water"], "A"),
        ("Frozen rain is", ["dew", "fog", "hail.", "wind"], "C"),
        ("\u00fcber the hill the sun", ["\u00e9claire", "rises?", "iPod", "3 times"], "B"),
        ("A whale breathes with", ["gills", "leaves", "roots", "lungs"], "D"),
    ]
    return [
        {
            "id": f"{part}-{i}",
            "question": {
                "stem": s,
                "choices": [{"text": t, "label": l} for t, l in zip(c, "ABCD")],
            },
            "answerKey": k,
        }
        for i, (s, c, k) in enumerate(made_up)
    ]


def hugging_face(name, row):
    if "question" in row and isinstance(row["question"], dict):
        choices = row["question"]["choices"]
        stem = "question_stem" if name.startswith("openbookqa") else "question"
        return {
            "id": row["id"],
            stem: row["question"]["stem"],
            "choices": {key: [c[key] for c in choices] for key in ("text", "label")},
            "answerKey": row["answerKey"],
        }
    return {k: v for k, v in row.items() if k not in ("qID", "title")}


def write_lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    path.write_text("".join(lines), encoding="utf-8")


def byte_level(texts):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=700, initial_alphabet=alphabet, special_tokens=["<|end|>"], show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return json.loads(tokenizer.to_str())


def sentence_piece(texts):
    """The layout of Llama 2: words are learned one by one, but encoded without a pre-tokenizer."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=800, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("\u2581", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> <s> $B </s>",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in ("<s>", "</s>")],
    )
    layout = json.loads(tokenizer.to_str())
    layout["pre_tokenizer"] = None
    layout["added_tokens"] = [t for t in layout["added_tokens"] if t["id"] < 3]
    return layout


def tokens(tokenizer, leading, row):
    """The definition, without short cuts: tokens of prompt + answer behind those of the prompt.

    Where an answer begins with another, a line's end closes all."""
    ids = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
    prompt = ids(row["prompt"])

    def behind(end):
        wholes = [ids(row["prompt"] + answer + end) for answer in row["answers"]]
        assert all(whole[: len(prompt)] == prompt for whole in wholes), row
        return [whole[len(prompt) :] for whole in wholes]

    answers = behind("")
    if any(a != b and b[: len(a)] == a for a in answers for b in answers):
        answers = behind("\n")
    return {"id": row["id"], "tokens": leading + prompt, "answers": answers}


PLAIN = [
    {"id": "space", "prompt": "The sky is", "answers": [" blue", " green"]},
    {"id": "newline", "prompt": "Is the sky blue?\n", "answers": ["Yes", "No"]},
    {"id": "quote", "prompt": "He said \u201cit's", "answers": [" 12", " not", " \u00e9t\u00e9"]},
    {"id": "digit", "prompt": "In the year 1984", "answers": [" people", " nobody"]},
    {"id": "begins", "prompt": "Which plant", "answers": [" in", " in the sun", " is green"]},
    {"id": "alike", "prompt": "Is the sky blue?\n", "answers": ["No one", "No water", "Yes"]},
    {"id": "pair", "prompt": "Words  with   spaces", "answers": [" or", "  double"]},
]


def main(data):
    assert tokenizers.__version__ == "0.23.3"
    golden, hashes = {}, {}
    for name, rule in RULES.items():
        source = data / f"{name}.jsonl"
        kept, left_out = examples(rule, source)
        state = 0xCBF29CE484222325
        for e in kept:
            state = fnv1a(f"{e['id']}\t{e['prompt']}\t{e['label']}\n", state)
        hashes[name] = {"examples": len(kept), "leftOut": left_out, "fnv1a": str(state)}
        if name.startswith("openbookqa"):
            rows = openbookqa(source.stem)
        else:
            rows = [row for _, row in pick(read(source), rule)]
        write_lines(OUT / "official" / f"{name}.jsonl", rows)
        write_lines(OUT / "hugging-face" / f"{name}.jsonl", [hugging_face(name, r) for r in rows])
        kept, left_out = examples(rule, OUT / "official" / f"{name}.jsonl")
        golden[name] = {"examples": kept, "leftOut": left_out}
    (OUT / "examples.json").write_text(json.dumps(golden, indent=0) + "\n")
    (OUT / "files.json").write_text(json.dumps(hashes, indent=1) + "\n")

    rows = [e for g in golden.values() for e in g["examples"]]
    texts = [e["prompt"] + a for e in rows for a in e["answers"]]
    encoded = {"plain": PLAIN, "tokenizers": {}}
    layouts = {"byte-level": byte_level(texts), "sentence-piece": sentence_piece(texts)}
    for name, layout in layouts.items():
        write_lines(OUT / f"{name}.json", [layout])
        tokenizer = Tokenizer.from_str(json.dumps(layout))
        leading = tokenizer.encode("a").ids[:1] if name == "sentence-piece" else []
        # The made-up items suffice here, and one of each published kind.
        chosen = [e for g in golden.values() for e in g["examples"][:2]]
        encoded["tokenizers"][name] = {
            "examples": [tokens(tokenizer, leading, e) for e in chosen],
            "plain": [tokens(tokenizer, leading, e) for e in PLAIN],
        }
    (OUT / "tokens.json").write_text(json.dumps(encoded) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
