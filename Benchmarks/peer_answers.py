"""The questions of serve_latency.py answered one after another by Transformers, PEFT and ivon-opt.

The prompts are those that the server makes of them; the model computes the logits of the last
position only. Prints one line of JSON with the seconds of each question, at the mean of the
adapter's parameters (`mean`) and averaged over draws (`draws`)."""

import argparse
import json
import time

import ivon
import torch
from peer import make_model
from serve_latency import QUESTION, state
from transformers import AutoTokenizer


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="a Hugging Face folder")
    parser.add_argument("--questions", type=int, default=30)
    parser.add_argument("--drawn-questions", type=int, default=10)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    return parser.parse_args()


def main():
    arguments = options()
    torch.set_num_threads(arguments.threads)
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    encoded = [tokenizer.encode(f" {a}", add_special_tokens=False) for a in ("false", "true")]
    answers = [tokens[0] for tokens in encoded]
    model = make_model(arguments.model).eval()
    adapter = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = ivon.IVON(adapter, lr=0.03, ess=1e6, hess_init=1e-3)

    def probabilities(number):
        prompt = f"{state(number)}\n\nQuestion: {QUESTION}\nTrue or false:"
        inputs = tokenizer(prompt, return_tensors="pt")
        return model(**inputs, logits_to_keep=1).logits[0, -1, answers].softmax(-1)

    def drawn(number):
        total = 0
        for _ in range(arguments.draws):
            with optimizer.sampled_params():
                total = total + probabilities(number)
        return total / arguments.draws

    def seconds(answer, count):
        found = []
        for number in range(count):
            start = time.perf_counter()
            answer(number).tolist()
            found.append(time.perf_counter() - start)
        return found

    with torch.inference_mode():
        probabilities(0)  # The first takes longer, as the server's does before it is asked.
        result = {
            "mean": seconds(probabilities, arguments.questions),
            "draws": seconds(drawn, arguments.drawn_questions),
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
