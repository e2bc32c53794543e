"""Makes a Hugging Face folder in float32 of a GGUF file, which is what the peer loads.

Usage: python make_peer_model.py MODEL.gguf OUTPUT
"""

import pathlib
import sys

from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer


def main(source, output):
    source = pathlib.Path(source).absolute()
    place = {"pretrained_model_name_or_path": source.parent, "gguf_file": source.name}
    weights = AutoModelForCausalLM.from_pretrained(**place).state_dict()
    # A model that was made from GGUF counts as quantised and is not saved; a new one does not.
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(**place))
    model.float().load_state_dict(weights)
    model.save_pretrained(output)
    AutoTokenizer.from_pretrained(**place).save_pretrained(output)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__.strip())
    main(*sys.argv[1:])
