"""Writes Golden/ChatTemplates: what Transformers makes of chat templates and of small expressions.

Run with transformers==5.23.0 and jinja2==3.1.6 installed:

    python make_chat_templates.py [MODEL.gguf]

expressions.json    a template of a line or a few, and its text or null where Jinja refuses it
conversations.json  templates that use what those of the families use, with conversations
smollm2.json        the text that the template of a GGUF file makes, if one is given

The templates, in `chat_template_cases.py`, are our own: they have the constructs of the families'
templates, not their words.
"""

import datetime
import json
import pathlib
import sys

import jinja2
import transformers
from chat_template_cases import CONVERSATIONS, FAMILIES, TEMPLATES, TOOLS, VALUES, VARIABLES
from transformers.utils.chat_template_utils import _compile_jinja_template

assert transformers.__version__ == "5.23.0", transformers.__version__
assert jinja2.__version__ == "3.1.6", jinja2.__version__

OUT = pathlib.Path(__file__).parent / "Golden" / "ChatTemplates"
DATE = datetime.datetime(2024, 7, 26)

SPECIAL = {"bos_token": "<s>", "eos_token": "</s>"}


def render(template, variables):
    """The text, or None where Jinja refuses template or variables."""
    try:
        compiled = _compile_jinja_template(template)
        return compiled.render(strftime_now=DATE.strftime, **variables)
    except Exception:  # noqa: BLE001 - Python's own errors of types and values, too
        return None


def values():
    """The expressions of VALUES, which stand between bars with spaces around them."""
    parts = [part for line in VALUES.strip().split("\n") for part in line.split(" | ")]
    return list(dict.fromkeys(parts))


def write(path, value):
    """Keeps the order of members, which templates walk through."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text + "\n", encoding="utf-8")


def main():
    templates = ["{{ " + value + " }}" for value in values()]
    for line in TEMPLATES.strip("\n").split("\n"):
        templates.append(line.replace(r"\n", "\n").replace(r"\r", "\r").replace(r"\t", "\t"))
    cases = [{"template": text, "text": render(text, VARIABLES)} for text in templates]
    write(OUT / "expressions.json", {"variables": VARIABLES, "cases": cases})

    rows = []
    for family, template in FAMILIES.items():
        for name, messages in CONVERSATIONS.items():
            for tools in [None, TOOLS]:
                for prompt in [True, False]:
                    variables = {"tools": tools, "documents": None} | SPECIAL
                    variables |= {"messages": messages, "add_generation_prompt": prompt}
                    rows.append({
                        "family": family, "conversation": name, "tools": tools is not None,
                        "prompt": prompt, "text": render(template, variables),
                    })  # fmt: skip
    golden = {"templates": FAMILIES, "conversations": CONVERSATIONS, "tools": TOOLS, "cases": rows}
    write(OUT / "conversations.json", golden)
    if len(sys.argv) > 1:
        write(OUT / "smollm2.json", smollm2(sys.argv[1]))


def smollm2(path):
    import gguf

    fields = gguf.GGUFReader(path).fields
    template = fields["tokenizer.chat_template"].contents()
    tokens = fields["tokenizer.ggml.tokens"].contents()
    special = {
        name: tokens[fields[f"tokenizer.ggml.{name}_id"].contents()]
        for name in ["bos_token", "eos_token"]
    }
    rows = []
    for name in ["user", "all"]:
        variables = {"messages": CONVERSATIONS[name], "add_generation_prompt": True} | special
        rows.append({"messages": CONVERSATIONS[name], "text": render(template, variables)})
    return rows


if __name__ == "__main__":
    main()
